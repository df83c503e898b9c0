"""The base's recipe (`images/serving/base.toml`) and its lock (`images/serving/base.lock.json`).

The lock pins the base of each platform by digest: either a layer that the recipe makes from the listed package
versions, or an image in a registry.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipelines.files import read_json, write_json
from pipelines.image.errors import ImageError

FOLDER = Path("images") / "serving"


@dataclass(frozen=True)
class Recipe:
    """Which packages a base is made of, and which of their files it keeps (glob patterns)."""

    suite: str
    include: tuple[str, ...]
    without: frozenset[str]
    keep: tuple[str, ...]
    drop: tuple[str, ...]


@dataclass(frozen=True)
class Pin:
    """One platform's base: a layer's `digest` and the package versions it is made of, or an `image` by digest."""

    digest: str | None = None
    packages: Mapping[str, str] | None = None
    image: str | None = None


def read_recipe(project: Path) -> Recipe:
    """The recipe of `project`; ImageError where it can't be read."""
    path = project / FOLDER / "base.toml"
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
        return Recipe(
            table["suite"],
            tuple(table["include"]),
            frozenset(table["without"]),
            tuple(table["keep"]),
            tuple(table["drop"]),
        )
    except (OSError, KeyError, tomllib.TOMLDecodeError) as error:
        raise ImageError(f"{path}: the base's recipe can't be read ({error!r}). Restore it from git.") from error


def read_pin(project: Path, platform: str) -> Pin | None:
    """What the lock pins for `platform`; None where it pins nothing."""
    entry = _read(project).get(platform)
    if entry is None:
        return None
    pin = Pin(entry.get("digest"), entry.get("packages"), entry.get("image"))
    if pin.image and "@sha256:" not in pin.image:
        raise ImageError(
            f"{project / FOLDER / 'base.lock.json'}: {pin.image} is not pinned by digest. "
            "Write the image as NAME@sha256:…, so that the base can't change under you."
        )
    return pin


def write_pin(project: Path, platform: str, pin: Pin) -> Path:
    """Pin `platform`'s base to the layer `pin`, and say which file that was written to."""
    platforms = _read(project)
    platforms[platform] = {"digest": pin.digest, "packages": dict(pin.packages or {})}
    path = project / FOLDER / "base.lock.json"
    write_json(path, {"platforms": platforms})
    return path


def _read(project: Path) -> dict[str, Any]:
    path = project / FOLDER / "base.lock.json"
    try:
        lock = read_json(path)
        return {} if lock is None else dict(lock["platforms"])
    except (ValueError, KeyError, TypeError) as error:
        raise ImageError(f"{path}: the base's lock can't be read ({error!r}). Restore it from git.") from error

"""The base below the dependencies: pinned by digest in the lock, from the cache, a registry or Debian's packages."""

from __future__ import annotations

import datetime
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from pipelines.files import read_json, write_json
from pipelines.image import base_lock, debian
from pipelines.image.base_lock import Pin, Recipe
from pipelines.image.cache import Cache, Kept, key
from pipelines.image.errors import ImageError
from pipelines.image.layer import Layer
from pipelines.image.platforms import Platform

PYTHON = "3.11"
PATH = "/usr/local/bin:/usr/bin:/bin"
DAY = 24 * 3600
AGAIN = "stillhouse image"
UPDATE = "stillhouse image --update-base"
Say = Callable[[str], None]


class BaseMissing(ImageError):
    """There is no base here; its text says which, why, and what mends it."""


class ToolMissing(BaseMissing):
    """There is no base here because a program is not installed."""


@dataclass(frozen=True)
class Base:
    """The lowest layers, what they are called, and the environment they set.

    `python` is the version of the Debian package with the interpreter; None for a base from a registry.
    """

    name: str
    digest: str
    layers: tuple[Layer, ...]
    python: str | None = None
    environment: Mapping[str, str] = field(default_factory=lambda: {"PATH": PATH})


@dataclass(frozen=True)
class Effort:
    """What may be done for a base that the cache does not have.

    `make` it (or pull it), `again` where that failed less than a day ago; and take the `newest` packages, instead of
    failing, where Debian no longer has the ones that the lock names.
    """

    make: bool = True
    again: bool = False
    newest: bool = False


def find(project: Path, platform: Platform, cache: Cache, effort: Effort, say: Say) -> Base:
    """The base that `project`'s lock pins for `platform`.

    Where the cache has none, it is pulled or made (seconds, told through `say`). Raises BaseMissing where it can't
    be had, or is another one than the lock has.
    """
    try:
        return _find_pinned(project, platform, cache, effort, say)
    except ToolMissing:
        raise
    except BaseMissing as error:
        if not effort.newest:
            raise
        say(f"base: NOTICE: {error}\nThe newest are taken: the image's digest is not that of other machines.")
        return _find_newest(project, platform, cache)


def _find_newest(project: Path, platform: Platform, cache: Cache) -> Base:
    """A base of the packages that Debian has today."""
    recipe = _recipe_for_here(project, platform)

    def make() -> Kept:
        entries, versions = debian.make(recipe, platform)
        return Kept((cache.write("base", entries),), {"python": versions[f"python{PYTHON}-minimal"]})

    text = (project / base_lock.FOLDER / "base.toml").read_text(encoding="utf-8")
    today = datetime.datetime.now(datetime.UTC).date().isoformat()
    kept = cache.get("base", key("newest", today, platform.name, text), make)
    digest = kept.layers[0].digest
    return Base(f"debian@{digest[:19]}", digest, kept.layers, kept.about["python"])


def _find_pinned(project: Path, platform: Platform, cache: Cache, effort: Effort, say: Say) -> Base:
    pin = base_lock.read_pin(project, platform.name)
    if pin is None:
        raise BaseMissing(f"no base is pinned for {platform.name}. Pin one: {UPDATE} --platform {platform.name}")
    made_from = key("base", pin.image or str(pin.digest))
    kept = cache.find("base", made_from)
    if not kept:
        if not effort.make:
            raise BaseMissing(f"the base {_name(pin)} is not in the cache. Get it: {AGAIN}")
        with _remembered(cache, made_from, effort.again):
            kept = cache.get("base", made_from, lambda: _get(project, platform, pin, cache, say))
    environment = dict(kept.about.get("environment", {})) or {"PATH": PATH}
    python = (pin.packages or {}).get(f"python{PYTHON}-minimal")
    return Base(_name(pin), _digest(pin), kept.layers, python, environment)


@contextmanager
def _remembered(cache: Cache, made_from: str, again: bool) -> Iterator[None]:
    """Remember a failure for a day: finding out takes seconds, and it seldom mends itself within minutes."""
    path = cache.folder / "failed" / f"{made_from}.json"
    failed = read_json(path)
    if failed and not again and time.time() - path.stat().st_mtime < DAY:
        raise BaseMissing(f"{failed['why']}\n(This was found out earlier today. To try again: {AGAIN})")
    try:
        yield
    except ToolMissing:
        raise  # this one is found out at once
    except BaseMissing as error:
        write_json(path, {"why": str(error)})
        raise
    path.unlink(missing_ok=True)


def update(project: Path, platform: Platform, cache: Cache, say: Say) -> Path:
    """Make `platform`'s base of the newest packages, pin it, and say which file it is pinned in."""
    recipe = _recipe_for_here(project, platform)
    say(f"base: fetching Debian {recipe.suite}'s newest packages for {platform.name}")
    entries, versions = debian.make(recipe, platform)
    layer = cache.write("base", entries)
    cache.keep(key("base", layer.digest), Kept((layer,)))
    return base_lock.write_pin(project, platform.name, Pin(layer.digest, versions))


def _get(project: Path, platform: Platform, pin: Pin, cache: Cache, say: Say) -> Kept:
    if pin.image:
        from pipelines.image import registry  # the network's libraries take a while to load

        say(f"base: pulling {pin.image} (once)")
        try:
            return registry.pull(pin.image, platform, cache)
        except ImageError as error:
            raise BaseMissing(f"the base {pin.image} can't be pulled: {error}") from error
    recipe = _recipe_for_here(project, platform)
    say(f"base: fetching {len(pin.packages or {})} packages of Debian {recipe.suite} (once, some seconds)")
    try:
        entries, _ = debian.make(recipe, platform, pin.packages)
    except ImageError as error:
        raise BaseMissing(
            f"the base {_name(pin)} can't be made: {error}\nWhere Debian has newer packages by now, pin those: {UPDATE}"
        ) from error
    layer = cache.write("base", entries)
    if layer.digest != pin.digest:
        raise BaseMissing(
            f"{project / base_lock.FOLDER / 'base.lock.json'}: it pins the base {_name(pin)}, and the recipe made "
            f"{layer.digest[7:19]}. If base.toml was changed on purpose, pin the new base: {UPDATE}"
        )
    return Kept((layer,))


def _recipe_for_here(project: Path, platform: Platform) -> Recipe:
    missing = debian.find_tools()
    if missing:
        raise ToolMissing(f"the base for {platform.name} can't be made here: {missing}, then run: {AGAIN}")
    return base_lock.read_recipe(project)


def _name(pin: Pin) -> str:
    return pin.image or f"debian@{_digest(pin)[:19]}"


def _digest(pin: Pin) -> str:
    return pin.image.rpartition("@")[2] if pin.image else str(pin.digest)

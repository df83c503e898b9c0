"""The dependencies layer: the wheels that `uv.lock` names for the `serving` group, and nothing else.

The lock's hashes decide what is installed, so the layer is the same on every machine. What installing adds on top
(records of who installed what, scripts with this machine's paths in them, bytecode) is left out, and so is what no
service needs (tests, headers, type stubs).
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path, PurePosixPath

import uv

from pipelines.image.base import PYTHON
from pipelines.image.cache import Cache, Kept, key
from pipelines.image.errors import ImageError
from pipelines.image.layer import Entry, File, Layer
from pipelines.image.platforms import Platform

GROUP = "serving"
FOLDER = "opt/dependencies"
RECIPE = "1"  # raise it where what is left out changes

_LEFT_OUT_FOLDERS = {"__pycache__", "tests", "include", "bin"}
_LEFT_OUT_SUFFIXES = {".pyc", ".pyi", ".pxd", ".a", ".h"}
_LEFT_OUT_RECORDS = {"RECORD", "INSTALLER", "REQUESTED", "direct_url.json", "uv_cache.json"}


def layer(project: Path, platform: Platform, cache: Cache) -> Layer:
    """The dependencies layer for `platform`, as `project`'s lock has it; from the cache where that is possible.

    Raises ImageError with uv's words where the wheels can't be had.
    """
    requirements = _export(project)
    made_from = key("dependencies", RECIPE, PYTHON, platform.wheels, FOLDER, requirements)
    return cache.get("dependencies", made_from, lambda: _make(requirements, platform, cache)).layers[0]


def is_needed(path: PurePosixPath) -> bool:
    """Whether a file of an installed wheel goes into the layer."""
    if path.name == ".lock" or path.suffix in _LEFT_OUT_SUFFIXES:
        return False
    if path.parent.name.endswith(".dist-info") and path.name in _LEFT_OUT_RECORDS:
        return False
    return not _LEFT_OUT_FOLDERS.intersection(path.parts[:-1])


def _export(project: Path) -> str:
    """The group as a requirements file with hashes."""
    return _uv(
        *("export", "--project", str(project), "--frozen", "--only-group", GROUP),
        *("--no-emit-workspace", "--no-header", "--no-annotate", "--python", sys.executable),
        doing=f"{project / 'uv.lock'}: the {GROUP!r} group can't be read",
    )


def _make(requirements: str, platform: Platform, cache: Cache) -> Kept:
    with tempfile.TemporaryDirectory() as folder:
        listed, target = Path(folder) / "requirements.txt", Path(folder) / "target"
        listed.write_text(requirements, encoding="utf-8")
        _uv(
            *("pip", "install", "--target", str(target), "--requirement", str(listed)),
            *("--require-hashes", "--no-deps", "--only-binary", ":all:", "--python", sys.executable),
            *("--python-version", PYTHON, "--python-platform", platform.wheels),
            doing="the image's dependencies can't be installed",
        )
        return Kept((cache.write("dependencies", _entries(target)),))


def _entries(target: Path) -> dict[str, Entry]:
    entries: dict[str, Entry] = {}
    for file in target.rglob("*"):
        name = PurePosixPath(file.relative_to(target))
        if file.is_file() and is_needed(name):
            entries[f"{FOLDER}/{name}"] = File(file)
    return entries


def _uv(*arguments: str, doing: str) -> str:
    done = subprocess.run([uv.find_uv_bin(), *arguments], capture_output=True, text=True, check=False)
    if done.returncode:
        raise ImageError(
            f"{doing}:\n{done.stderr.strip()}\nIs the package registry reachable? Then run again: stillhouse image"
        )
    return done.stdout

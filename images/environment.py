"""A Python environment for an image: what `uv.lock` has for some groups, laid out as a virtual environment.

It is installed outside the image, so a build needs no network, no pip and no compiler, and the same lock gives the
same tar. Left out is what tells of the machine that installed it, and what nobody in a container uses.
"""

from __future__ import annotations

import fnmatch
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Callable
from pathlib import Path, PurePosixPath

import uv

from images.errors import BuildError
from pipelines.image.base import PYTHON
from pipelines.image.cache import Cache, Kept, key
from pipelines.image.layer import Entry, File, Layer, Link
from pipelines.image.platforms import Platform

FOLDER = "opt/stillhouse/environment"
PACKAGES = f"{FOLDER}/lib/python{PYTHON}/site-packages"
FORMAT = "2"  # raise it where what is left out, or how it is laid out, changes

# What lies beside the packages in a virtual environment, not among them.
_TOP = {"bin", "etc", "share"}
# Wheels are all that is installed, so that nothing is compiled; this one has none, and is Python alone.
_WITHOUT_WHEEL = ("antlr4-python3-runtime",)
_LEFT_OUT = (
    *("*/__pycache__/*", "*.pyc", "*.a", "*.c", "*.cpp", "*.h", "*.pxd", "*.pyx", "*.map", ".lock"),
    *("*.dist-info/RECORD", "*.dist-info/INSTALLER", "*.dist-info/REQUESTED", "*.dist-info/direct_url.json"),
    *("*.dist-info/uv_cache.json", "*/tests/*", "share/applications/*", "share/icons/*", "share/man/*"),
    "jupyterlab/galata/*",  # its tests
    # The hub's pages take the fonts and their style sheet.
    *(f"share/jupyterhub/static/components/@fortawesome/*/{name}/*" for name in ("js", "less", "metadata", "scss")),
    *(f"share/jupyterhub/static/components/@fortawesome/*/{name}/*" for name in ("sprites", "svgs", "otfs")),
)
_KEPT = ("jedi/third_party/*",)  # the stubs that completion reads


def export(project: Path, selection: tuple[str, ...]) -> str:
    """What the lock of `project` has for `selection` (uv's words for groups), as requirements with hashes."""
    return _uv(
        *("export", "--project", str(project), "--frozen", *selection, "--no-emit-workspace"),
        *("--no-header", "--no-annotate", "--python", sys.executable),
        doing=f"{project / 'uv.lock'}: {' '.join(selection)} can't be read",
    )


def layer(requirements: str, below: str, platform: Platform, cache: Cache, say: Callable[[str], None]) -> Layer:
    """The environment of `requirements`, without the files that the one of `below` has; from the cache if it can be."""

    def make() -> Kept:
        say(f"environment: installing {requirements.count('==')} packages (once)")
        return _make(requirements, below, platform, cache)

    made_from = key("environment", FORMAT, platform.wheels, requirements, below)
    return cache.get("environment", made_from, make).layers[0]


def _make(requirements: str, below: str, platform: Platform, cache: Cache) -> Kept:
    with tempfile.TemporaryDirectory() as folder:
        entries = _environment(requirements, platform, Path(folder) / "whole")
        if below:
            entries = _without(_environment(below, platform, Path(folder) / "below"), entries)
        return Kept((cache.write("environment", entries),))


def _without(below: dict[str, Entry], entries: dict[str, Entry]) -> dict[str, Entry]:
    """The entries that `below` lacks. One that differs would leave the bytecode of the other one valid."""
    other = sorted(name for name in below if name in entries and not _same(below[name], entries[name]))
    if other:
        raise BuildError(f"two environments of one image disagree on {other[:3]}. Lock the same versions for both.")
    return {name: entry for name, entry in entries.items() if name not in below}


def script(module: str, function: str) -> File:
    """A program of the environment that calls `function` of `module`."""
    lines = (f"#!/{FOLDER}/bin/python", "import sys", f"from {module} import {function}", f"sys.exit({function}())")
    return File("\n".join((*lines, "")).encode(), executable=True)


def installed(project: Path, folder: str) -> dict[str, Entry]:
    """What makes the environment take the project for installed in `folder`."""
    about = tomllib.loads((project / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    metadata = (
        f"Metadata-Version: 2.4\nName: {about['name']}\nVersion: {about['version']}\nLicense: {about['license']}\n"
    )
    return {
        f"{PACKAGES}/{about['name']}.pth": File(f"{folder}\n".encode()),
        f"{PACKAGES}/{about['name']}-{about['version']}.dist-info/METADATA": File(metadata.encode()),
    }


def install(requirements: str, platform: Platform, target: Path) -> None:
    """Install `requirements` for `platform` into the folder `target`."""
    listed = target.with_suffix(".txt")
    listed.write_text(requirements, encoding="utf-8")
    _uv(
        *("pip", "install", "--target", str(target), "--requirement", str(listed), "--require-hashes", "--no-deps"),
        *("--only-binary", ":all:", *(word for name in _WITHOUT_WHEEL for word in ("--no-binary", name))),
        *("--python", sys.executable, "--python-version", PYTHON, "--python-platform", platform.wheels),
        doing="an image's environment can't be installed",
    )


def _environment(requirements: str, platform: Platform, target: Path) -> dict[str, Entry]:
    install(requirements, platform, target)
    settings = f"home = /usr/bin\ninclude-system-site-packages = false\nversion = {PYTHON}\n"
    entries: dict[str, Entry] = {
        f"{FOLDER}/pyvenv.cfg": File(settings.encode()),
        f"{FOLDER}/bin/python": Link(f"/usr/bin/python{PYTHON}"),
        **{f"{FOLDER}/bin/{name}": Link("python") for name in ("python3", f"python{PYTHON}")},
    }
    for file in target.rglob("*"):
        path = PurePosixPath(file.relative_to(target))
        if file.is_file() and _is_needed(str(path)):
            entries[_place(path)] = _entry(file, path)
    return entries


def _is_needed(name: str) -> bool:
    if any(fnmatch.fnmatchcase(name, pattern) for pattern in _KEPT):
        return not name.endswith(".pyc")
    return not any(fnmatch.fnmatchcase(name, pattern) for pattern in _LEFT_OUT)


def _place(path: PurePosixPath) -> str:
    return f"{FOLDER if path.parts[0] in _TOP else PACKAGES}/{path}"


def _entry(file: Path, path: PurePosixPath) -> File:
    """The file; a script starts the image's interpreter, not the one that installed it."""
    executable = bool(file.stat().st_mode & 0o100)
    if path.parts[0] == "bin":
        first, newline, rest = file.read_bytes().partition(b"\n")
        if first.startswith(b"#!") and b"python" in first:
            return File(f"#!/{FOLDER}/bin/python".encode() + newline + rest, executable=True)
    return File(file, executable)


def _same(one: Entry, other: Entry) -> bool:
    if isinstance(one, File) and isinstance(other, File):
        return one.executable == other.executable and _bytes(one) == _bytes(other)
    return one == other


def _bytes(file: File) -> bytes:
    return file.content if isinstance(file.content, bytes) else file.content.read_bytes()


def _uv(*arguments: str, doing: str) -> str:
    done = subprocess.run([uv.find_uv_bin(), *arguments], capture_output=True, text=True, check=False)
    if done.returncode:
        raise BuildError(f"{doing}:\n{done.stderr.strip()}\nIs the package registry reachable? Then build again.")
    return done.stdout

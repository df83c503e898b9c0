"""The bytecode layer: the standard library and the dependencies, compiled, so that a container starts sooner.

What a compiler writes depends on its version, so it is always a base's own interpreter that compiles, run from the
base's files without a container. Bytecode does not depend on the processor (compared: Debian's 3.11.2 for amd64 and
for arm64 write the same), so this machine's base compiles for the other platforms too. It is never checked against
its source at run time: a layer does not change.
"""

from __future__ import annotations

import subprocess
import tarfile
import tempfile
from collections.abc import Sequence
from pathlib import Path

from pipelines.image import compile_sources, dependencies
from pipelines.image.base import PYTHON, Base
from pipelines.image.cache import Cache, Kept, key
from pipelines.image.errors import ImageError
from pipelines.image.layer import Entry, File, Layer

RECIPE = "1"
STANDARD_LIBRARY = f"usr/lib/python{PYTHON}"
_PROGRAM = f"usr/bin/python{PYTHON}"
_LOADERS = ("lib64/ld-linux-x86-64.so.2", "lib/ld-linux-aarch64.so.1")


def layer(base: Base, installed: Layer, compiler: Base, cache: Cache) -> Layer:
    """The bytecode of the standard library in `base` and of the dependencies in `installed`.

    `compiler` is the base of this machine's own platform. Raises ImageError where its interpreter does not run
    here, or is not of the version that `base` has.
    """
    if base.python != compiler.python:
        raise ImageError(
            f"{base.name} has Python {base.python} and {compiler.name} has {compiler.python}, so one can't compile "
            "for the other. Update both bases: stillhouse image --update-base, with --platform for each."
        )
    below = [*base.layers, installed]
    # Not by the compiler: of the same version, each writes the same.
    made_from = key("bytecode", RECIPE, *(each.digest for each in below))
    return cache.get("bytecode", made_from, lambda: _make(below, compiler, cache)).layers[0]


def _make(below: Sequence[Layer], compiler: Base, cache: Cache) -> Kept:
    with tempfile.TemporaryDirectory() as folder:
        target, home = Path(folder) / "target", Path(folder) / "compiler"
        target.mkdir()
        home.mkdir()
        for each in below:
            _unpack(each, target)
        for each in compiler.layers:
            _unpack(each, home)
        _compile(target, home)
        entries: dict[str, Entry] = {
            str(path.relative_to(target)): File(path) for path in target.rglob("__pycache__/*.pyc")
        }
        return Kept((cache.write("bytecode", entries),))


def _unpack(layer: Layer, root: Path) -> None:
    """The layer's files. Our own layers hold folders, files and symbolic links, each below its folder."""
    with tarfile.open(layer.path) as tar:
        for member in tar:
            path = root / member.name
            if member.isdir():
                path.mkdir(parents=True, exist_ok=True)
            elif member.issym():
                path.symlink_to(member.linkname)
            elif content := tar.extractfile(member):
                path.write_bytes(content.read())
                path.chmod(member.mode)


def _compile(target: Path, home: Path) -> None:
    """Compile what lies in `target` with the interpreter that lies in `home`, beside its sources."""
    loader = next((path for name in _LOADERS if (path := _inside(home, home / name)).exists()), None)
    if loader is None:
        raise ImageError(f"the base has no loader ({' or '.join(_LOADERS)}), so its interpreter can't be run.")
    libraries = [folder for top in ("lib", "usr/lib") for folder in (home / top).glob("*-linux-gnu")]
    command = [
        *(str(loader), "--library-path", ":".join(map(str, libraries))),
        *(str(home / _PROGRAM), "-S", "-s", compile_sources.__file__),
        *(str(target), STANDARD_LIBRARY, dependencies.FOLDER),
    ]
    # A fixed seed: constant sets are written in the order of their hashes.
    environment = {"PYTHONHOME": str(home / "usr"), "PYTHONHASHSEED": "0", "PYTHONDONTWRITEBYTECODE": "1"}
    try:
        done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    except OSError as error:
        raise ImageError(f"the base's interpreter does not run on this machine ({error.strerror}).") from error
    if done.returncode:
        raise ImageError(f"the base's interpreter failed:\n{done.stderr.strip()[-2000:]}")


def _inside(root: Path, path: Path) -> Path:
    """Where `path` leads when `root` is taken for /."""
    while path.is_symlink():
        target = path.readlink()
        path = root / target.relative_to("/") if target.is_absolute() else path.parent / target
    return path

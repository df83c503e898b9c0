"""What a step hands on: the outs that dvc.yaml declares, packed, named by a digest, and laid into the next checkout.

The pod that packs runs a commit's own code, so the one that unpacks believes nothing: it takes what is declared, plain
files only, and only with the digest that the controller carried. Another step, even with a hold of the storage, can't
slip a model past the gates that way.
"""

from __future__ import annotations

import hashlib
import shutil
import stat
from collections.abc import Iterable
from pathlib import Path

from pipelines.cluster.errors import ClusterError

OUTS = "outs"
BLOCK = 1 << 20


def pack(checkout: Path, outs: Iterable[str], parcel: Path) -> str:
    """Copy `outs` (paths in the checkout) to `parcel` and return their digest; ClusterError names a missing one."""
    outs = sorted(outs)
    for out in outs:
        if not (checkout / out).exists():
            raise ClusterError(f"{out}: the step declares it in dvc.yaml (outs, metrics) and did not write it.")
        _copy(checkout, out, parcel / OUTS)
    return digest(parcel, outs)


def unpack(parcel: Path, outs: Iterable[str], expected: str, checkout: Path) -> None:
    """Lay `outs` from `parcel` into the checkout, in place of what is there, once they have the digest `expected`."""
    outs = sorted(outs)
    verify(parcel, outs, expected)
    for out in outs:
        if not (checkout / out).parent.resolve().is_relative_to(checkout.resolve()):
            raise ClusterError(f"{out}: it leads out of the checkout. Take the link out of the commit.")
        remove(checkout / out)
        _copy(parcel / OUTS, out, checkout)


def verify(parcel: Path, outs: Iterable[str], expected: str) -> None:
    """Raise ClusterError unless `outs` in `parcel` are what their step handed on."""
    found = digest(parcel, outs)
    if found != expected:
        raise ClusterError(
            f"{parcel.name}: what came from the storage ({found[:12]}…) is not what the step handed on "
            f"({expected[:12]}…): somebody changed it in between. Nothing is done with it."
        )


def digest(parcel: Path, outs: Iterable[str]) -> str:
    """The sha256 (hex) over the names and contents of all files of `outs`."""
    hashed = hashlib.sha256()
    for out in sorted(outs):
        for path in _files(parcel / OUTS, out):
            hashed.update(f"{path.relative_to(parcel / OUTS).as_posix()}\0{_sha256(path)}\0".encode())
    return hashed.hexdigest()


def refuse_links(folder: Path, name: str) -> None:
    """Raise ClusterError where `name` in `folder`, or anything below it, is no plain file or folder."""
    _files(folder, name)


def plain(path: Path) -> bool:
    """Whether there is a file of its own at `path`; a link could lead to what the next pod alone may read."""
    return path.is_file() and not path.is_symlink()


def remove(path: Path) -> None:
    """Remove a file, a link or a folder, if it is there."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _copy(source: Path, out: str, target: Path) -> None:
    for path in _files(source, out):
        copy = target / path.relative_to(source)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, copy)
    if (source / out).is_dir():
        (target / out).mkdir(parents=True, exist_ok=True)


def _files(folder: Path, out: str) -> list[Path]:
    """The plain files of an out, sorted; ClusterError where it is missing or anything in it is a link or a device."""
    steps = [Path(*Path(out).parts[: count + 1]) for count in range(len(Path(out).parts))]
    top = folder / out
    if not top.exists():
        raise ClusterError(f"{out}: it is not there.")
    found = [folder / step for step in steps] + (sorted(top.rglob("*")) if top.is_dir() else [])
    for path in found:
        mode = path.lstat().st_mode
        if not stat.S_ISREG(mode) and not stat.S_ISDIR(mode):
            raise ClusterError(f"{path.relative_to(folder)}: only plain files are taken, and it is none.")
    return [path for path in found if path.is_file()]


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()

"""A layer as a tar whose bytes depend on names and contents alone.

Whose files they were, their times, their modes, the umask and the order they were listed in leave no trace.
Layers stay uncompressed: what gzip writes depends on the build of zlib.
"""

from __future__ import annotations

import hashlib
import io
import tarfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, Protocol

MEDIA_TYPE = "application/vnd.oci.image.layer.v1.tar"


@dataclass(frozen=True)
class File:
    """A file: its bytes, or the path that holds them."""

    content: bytes | Path
    executable: bool = False


@dataclass(frozen=True)
class Link:
    """A symbolic link."""

    target: str


@dataclass(frozen=True)
class Folder:
    """A folder that holds nothing, or that is to have another mode than 755."""

    mode: int = 0o755


Entry = File | Link | Folder
Entries = Mapping[str, Entry]


@dataclass(frozen=True)
class Layer:
    """A layer as a manifest needs it: `digest` of the stored bytes, `diff_id` of the tar inside; size in bytes.

    The bytes are in memory (`content`) or in a file (`path`).
    """

    name: str
    digest: str
    size: int
    diff_id: str
    content: bytes | None = None
    path: Path | None = None
    media_type: str = MEDIA_TYPE


class Writer(Protocol):
    """All that a layer is written to needs to do."""

    def write(self, data: bytes, /) -> int:
        """Take `data`."""
        ...


class Hashing:
    """Pass on what is written, and keep its sha256 and its size."""

    def __init__(self, stream: Writer) -> None:
        self._stream = stream
        self._sha256 = hashlib.sha256()
        self.size = 0

    def write(self, data: bytes, /) -> int:
        """Pass `data` on."""
        self._sha256.update(data)
        self.size += len(data)
        self._stream.write(data)
        return len(data)

    @property
    def digest(self) -> str:
        """`sha256:` and the hash of all that was written, in hex."""
        return f"sha256:{self._sha256.hexdigest()}"


def in_memory(name: str, entries: Entries) -> Layer:
    """The layer of `entries`, its bytes kept in memory: for the small ones."""
    buffer = io.BytesIO()
    digest, size = write(entries, buffer)
    return Layer(name, digest, size, digest, content=buffer.getvalue())


def write(entries: Entries, stream: Writer) -> tuple[str, int]:
    """Write the tar of `entries` (path in the image → entry) to `stream`; return its digest and its size in bytes."""
    hashing = Hashing(stream)
    # PAX, not USTAR: the same bytes as long as names are short and plain, and no limit where they aren't.
    with tarfile.open(fileobj=hashing, mode="w|", format=tarfile.PAX_FORMAT) as tar:  # type: ignore[call-overload]
        for name, entry in _with_parents(entries):
            _add(tar, name, entry)
    return hashing.digest, hashing.size


def _with_parents(entries: Entries) -> Iterator[tuple[str, Entry]]:
    """The entries and the folders above them, each folder before what it holds."""
    whole: dict[str, Entry] = {}
    for name, entry in entries.items():
        path = PurePosixPath(name)
        if path.is_absolute() or ".." in path.parts or not path.parts:
            raise ValueError(f"{name!r} is no path inside an image")
        for parent in path.parents[:-1]:
            whole.setdefault(str(parent), Folder())
        if not isinstance(whole.get(str(path)), Folder) or isinstance(entry, Folder):
            whole[str(path)] = entry
    yield from sorted(whole.items(), key=lambda item: PurePosixPath(item[0]).parts)


def _add(tar: tarfile.TarFile, name: str, entry: Entry) -> None:
    info = tarfile.TarInfo(name)  # owner 0, group 0 and time 0 by itself
    if isinstance(entry, Folder):
        info.type, info.mode = tarfile.DIRTYPE, entry.mode
        tar.addfile(info)
    elif isinstance(entry, Link):
        info.type, info.mode, info.linkname = tarfile.SYMTYPE, 0o777, entry.target
        tar.addfile(info)
    else:
        info.mode = 0o755 if entry.executable else 0o644
        if isinstance(entry.content, bytes):
            _add_file(tar, info, io.BytesIO(entry.content), len(entry.content))
        else:
            with entry.content.open("rb") as file:
                _add_file(tar, info, file, entry.content.stat().st_size)


def _add_file(tar: tarfile.TarFile, info: tarfile.TarInfo, file: IO[bytes], size: int) -> None:
    info.size = size
    tar.addfile(info, file)

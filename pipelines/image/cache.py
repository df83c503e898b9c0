"""Layers that are slow to make, kept by a hash of all they are made from.

What is in the cache is trusted by its name and its size; `layout.verify` reads every byte where that is asked for.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pipelines.files import read_json, write_json
from pipelines.image.errors import ImageError
from pipelines.image.layer import Entries, Layer, write

KEPT_DAYS = 90


@dataclass(frozen=True)
class Kept:
    """What a key stands for: layers, and what else was noted about them."""

    layers: tuple[Layer, ...]
    about: Mapping[str, Any] = field(default_factory=dict)


def default_folder() -> Path:
    """`$XDG_CACHE_HOME/stillhouse`, or `~/.cache/stillhouse`."""
    configured = os.environ.get("XDG_CACHE_HOME", "")
    # The XDG standard: a relative path is to be ignored.
    return (Path(configured) if Path(configured).is_absolute() else Path.home() / ".cache") / "stillhouse"


def key(*parts: str) -> str:
    """A name for what is made from `parts`."""
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


@dataclass(frozen=True)
class Cache:
    """A folder where `kept/KEY.json` says which blobs in `blobs/` a key stands for."""

    folder: Path

    def get(self, name: str, key: str, make: Callable[[], Kept]) -> Kept:
        """What is kept under `key`; made by `make` where nothing is (once, even among processes)."""
        found = self.find(name, key)
        if found:
            return found
        with self._alone(key):
            found = self.find(name, key)
            if not found:
                found = make()
                self.keep(key, found)
        return found

    def find(self, name: str, key: str) -> Kept | None:
        """What is kept under `key`, or None where nothing is or a blob of it is gone or cut short."""
        path = self._entry(key)
        entry = read_json(path)
        if entry is None:
            return None
        layers = tuple(self._layer(name, each) for each in entry["layers"])
        if not all(layer.path and _is_whole(layer.path, layer.size) for layer in layers):
            return None
        with contextlib.suppress(OSError):  # a cache that somebody else owns is as good
            os.utime(path)
        return Kept(layers, entry["about"])

    def keep(self, key: str, kept: Kept) -> None:
        """Let `key` stand for `kept`, whose blobs are in the cache already."""
        layers = [
            {"digest": each.digest, "size": each.size, "diff_id": each.diff_id, "media_type": each.media_type}
            for each in kept.layers
        ]
        write_json(self._entry(key), {"layers": layers, "about": dict(kept.about)})
        self.prune()

    def write(self, name: str, entries: Entries) -> Layer:
        """Write the layer of `entries` as a blob."""
        with self.aside() as path:
            with path.open("wb") as file:
                digest, size = write(entries, file)
            return Layer(name, digest, size, digest, path=self.add(path, digest))

    @contextlib.contextmanager
    def aside(self) -> Iterator[Path]:
        """An empty file in the cache to write to; removed at the end where nobody moved it in."""
        handle, name = tempfile.mkstemp(dir=self._made("tmp"))
        os.close(handle)
        try:
            yield Path(name)
        finally:
            Path(name).unlink(missing_ok=True)

    def add(self, file: Path, digest: str) -> Path:
        """Move `file` in as the blob `digest`, and say where it is."""
        blob = self.blob(digest)
        blob.parent.mkdir(parents=True, exist_ok=True)
        file.chmod(0o444)  # layouts hold links to it: nobody is to write into one by mistake
        return file.replace(blob)

    def blob(self, digest: str) -> Path:
        """Where the blob `digest` lies, or would."""
        return self.folder / "blobs" / digest.replace(":", "/")

    def prune(self, now: float | None = None) -> None:
        """Forget what nobody used for KEPT_DAYS days, and the blobs that no key stands for."""
        limit = (now or time.time()) - KEPT_DAYS * 24 * 3600
        used: set[str] = set()
        for path in self._made("kept").glob("*.json"):
            if path.stat().st_mtime < limit:
                path.unlink(missing_ok=True)
            else:
                used.update(each["digest"].partition(":")[2] for each in read_json(path)["layers"])
        for blob in (self.folder / "blobs").glob("*/*"):
            # A young blob may belong to a process that has yet to write what it stands for.
            if blob.name not in used and blob.stat().st_mtime < limit:
                blob.unlink(missing_ok=True)

    def _entry(self, key: str) -> Path:
        return self.folder / "kept" / f"{key}.json"

    def _layer(self, name: str, entry: Mapping[str, Any]) -> Layer:
        return Layer(name=name, path=self.blob(entry["digest"]), **entry)

    def _made(self, name: str) -> Path:
        folder = self.folder / name
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise ImageError(
                f"{folder}: the cache can't be written ({error.strerror}). "
                "Set XDG_CACHE_HOME to a folder of yours and run again."
            ) from error
        return folder

    @contextlib.contextmanager
    def _alone(self, key: str) -> Iterator[None]:
        with (self._made("locks") / key).open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


def _is_whole(path: Path, size: int) -> bool:
    try:
        return path.stat().st_size == size
    except OSError:
        return False

"""An image as an OCI layout: a folder with `index.json` and the blobs it leads to.

The layout is never half there. New blobs are added beside the old ones, then `index.json` is replaced in one
step, and only then do the blobs go that nothing leads to any more.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pipelines.image.errors import ImageError
from pipelines.image.layer import Layer
from pipelines.image.platforms import Platform

MANIFEST = "application/vnd.oci.image.manifest.v1+json"
CONFIG = "application/vnd.oci.image.config.v1+json"
INDEX = "application/vnd.oci.image.index.v1+json"
TAG = "org.opencontainers.image.ref.name"
EPOCH = "1970-01-01T00:00:00Z"  # not left out: umoci stumbles over a history without times
CREATED_BY = "stillhouse: "
MADE = "Assemble it again: stillhouse image"


@dataclass(frozen=True)
class Content:
    """What an image is: its layers from the bottom up, its platform, and how a container of it is started."""

    layers: Sequence[Layer]
    platform: Platform
    run: Mapping[str, Any]
    annotations: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Blob:
    """A descriptor in a layout, and the file it leads to."""

    digest: str
    size: int
    media_type: str
    path: Path


def canonical(document: Mapping[str, Any]) -> bytes:
    """The one way a document is written, so that the same document has the same digest everywhere."""
    return json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def documents(content: Content) -> tuple[bytes, bytes]:
    """The image's manifest and its configuration."""
    config = canonical(_config(content))
    return canonical(_manifest(content, config)), config


def write(folder: Path, content: Content, tag: str) -> str:
    """Put the image into `folder` under `tag`, in place of what was there; return its manifest's digest."""
    manifest, config = documents(content)
    (folder / "blobs" / "sha256").mkdir(parents=True, exist_ok=True)
    with _alone(folder):
        for layer in content.layers:
            _place(folder, layer.digest, layer.size, layer.content, layer.path)
        for document in (config, manifest):
            _place(folder, digest_of(document), len(document), document, None)
        _replace(folder / "oci-layout", canonical({"imageLayoutVersion": "1.0.0"}))
        _replace(folder / "index.json", canonical(_index(content, manifest, tag)))
        _sweep(folder)
    return digest_of(manifest)


def read(folder: Path) -> tuple[Blob, list[Blob]]:
    """The manifest in `folder`, and its config and layers; ImageError where there is no whole image."""
    try:
        entry = json.loads((folder / "index.json").read_bytes())["manifests"][0]
        manifest = _blob(folder, entry)
        parts = json.loads(manifest.path.read_bytes())
        return manifest, [_blob(folder, each) for each in (parts["config"], *parts["layers"])]
    except FileNotFoundError as error:
        raise ImageError(f"{error.filename}: it is not there, so there is no whole image here. {MADE}") from None
    except (OSError, ValueError, KeyError, IndexError, TypeError) as error:
        raise ImageError(f"{folder}: the image in it can't be read ({error!r}). {MADE}") from error


def tag_of(folder: Path) -> str:
    """The tag of the image in `folder`."""
    index = json.loads((folder / "index.json").read_bytes())
    return str(index["manifests"][0]["annotations"][TAG])


def verify(folder: Path) -> None:
    """Read every byte of the image in `folder`; ImageError names the first blob that is not what its name says."""
    manifest, parts = read(folder)
    for blob in (manifest, *parts):
        with blob.path.open("rb") as file:
            found = f"sha256:{hashlib.file_digest(file, 'sha256').hexdigest()}"
        if found != blob.digest:
            raise ImageError(
                f"{blob.path}: its content has the hash {found[7:19]}…, so it was damaged or changed. "
                f"Remove it, and the file of the same name in the cache, then assemble again: stillhouse image"
            )


def _config(content: Content) -> dict[str, Any]:
    """The image's configuration. Its time is 0: an image is what it holds, whenever it was made."""
    return {
        "created": EPOCH,
        "architecture": content.platform.architecture,
        "os": "linux",
        "config": dict(content.run),
        "rootfs": {"type": "layers", "diff_ids": [layer.diff_id for layer in content.layers]},
        "history": [{"created": EPOCH, "created_by": f"{CREATED_BY}{layer.name}"} for layer in content.layers],
    }


def _manifest(content: Content, config: bytes) -> dict[str, Any]:
    return {
        "schemaVersion": 2,
        "mediaType": MANIFEST,
        "config": {"mediaType": CONFIG, "digest": digest_of(config), "size": len(config)},
        "layers": [
            {"mediaType": layer.media_type, "digest": layer.digest, "size": layer.size} for layer in content.layers
        ],
        "annotations": dict(content.annotations),
    }


def _index(content: Content, manifest: bytes, tag: str) -> dict[str, Any]:
    entry = {
        "mediaType": MANIFEST,
        "digest": digest_of(manifest),
        "size": len(manifest),
        "platform": {"os": "linux", "architecture": content.platform.architecture},
        "annotations": {TAG: tag},
    }
    return {"schemaVersion": 2, "mediaType": INDEX, "manifests": [entry]}


def digest_of(content: bytes) -> str:
    """`sha256:` and the hash of `content`, in hex."""
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def _blob(folder: Path, entry: Mapping[str, Any]) -> Blob:
    path = folder / "blobs" / str(entry["digest"]).replace(":", "/")
    size = path.stat().st_size
    if size != entry["size"]:
        raise ImageError(f"{path}: it has {size:,} bytes and not {entry['size']:,}, so it was cut short. {MADE}")
    return Blob(entry["digest"], size, entry["mediaType"], path)


@contextlib.contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Keep other processes from changing the layout meanwhile: the lock is on the folder itself."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _place(folder: Path, digest: str, size: int, content: bytes | None, source: Path | None) -> None:
    """Bring a blob in: a link to the cache's file where that goes, else a copy."""
    blob = folder / "blobs" / digest.replace(":", "/")
    if blob.is_file() and blob.stat().st_size == size:
        return
    blob.unlink(missing_ok=True)
    if source:
        try:
            os.link(source, blob)
            return
        except OSError:  # another file system, or a cache that somebody else owns
            pass
    aside = _aside(folder)
    try:
        if source:
            shutil.copyfile(source, aside)
        else:
            aside.write_bytes(content or b"")
        aside.chmod(0o444)
        aside.replace(blob)
    finally:
        aside.unlink(missing_ok=True)


def _replace(path: Path, content: bytes) -> None:
    aside = _aside(path.parent)
    try:
        aside.write_bytes(content)
        aside.chmod(0o644)
        aside.replace(path)
    finally:
        aside.unlink(missing_ok=True)


def _aside(folder: Path) -> Path:
    handle, name = tempfile.mkstemp(prefix=".aside-", dir=folder)
    os.close(handle)
    return Path(name)


def _sweep(folder: Path) -> None:
    """Remove the blobs that the index does not lead to, and what an interrupted assembly left."""
    manifest, parts = read(folder)
    used = {blob.path.name for blob in (manifest, *parts)}
    for blob in (folder / "blobs" / "sha256").iterdir():
        if blob.name not in used:
            blob.unlink()
    for aside in folder.glob(".aside-*"):
        aside.unlink()

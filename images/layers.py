"""Turn what a tool built into an OCI layout of ours, whose digest does not tell which tool it was.

Layers lie there uncompressed (what gzip writes depends on its version), and the configuration is written in one way.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from images.errors import BuildError
from pipelines.image import layout
from pipelines.image.layer import Layer
from pipelines.image.platforms import Platform

_LABELS = "org.opencontainers.image."
_GZIP = b"\x1f\x8b"


@dataclass(frozen=True)
class Saved:
    """An image as a tool hands it out: its configuration, and the files with its layers from the bottom up."""

    config: Mapping[str, Any]
    layers: Sequence[Path]


def write(saved: Saved, name: str, shared: Mapping[str, Path], platform: Platform, folder: Path) -> str:
    """Write the image `name` to `folder` and return its digest. Layers that `shared` has are not kept twice."""
    pairs = zip(saved.layers, saved.config["rootfs"]["diff_ids"], strict=True)
    layers = [_layer(path, diff_id, name, shared) for path, diff_id in pairs]
    run = dict(saved.config["config"])
    labels = {key: value for key, value in run.get("Labels", {}).items() if key.startswith(_LABELS)}
    return layout.write(folder, layout.Content(layers, platform, {**run, "Labels": labels}, labels), name)


def blobs_of(folders: Sequence[Path]) -> dict[str, Path]:
    """The layers that lie in the layouts `folders`, by digest."""
    return {
        blob.digest: blob.path
        for folder in folders
        if (folder / "index.json").is_file()
        for blob in layout.read(folder)[1][1:]
    }


def _layer(path: Path, diff_id: str, name: str, shared: Mapping[str, Path]) -> Layer:
    if diff_id in shared:
        return Layer(name, diff_id, shared[diff_id].stat().st_size, diff_id, path=shared[diff_id])
    with path.open("rb") as file:
        packed = file.read(len(_GZIP)) == _GZIP
    plain = _unpack(path) if packed else path
    with plain.open("rb") as file:
        found = f"sha256:{hashlib.file_digest(file, 'sha256').hexdigest()}"
    if found != diff_id:
        raise BuildError(
            f"{name}: a layer is {found[:19]} and should be {diff_id[:19]}. Build again: python -m images {name}"
        )
    return Layer(name, diff_id, plain.stat().st_size, diff_id, path=plain)


def _unpack(path: Path) -> Path:
    plain = path.with_name(f"{path.name}.tar")
    with gzip.open(path) as packed, plain.open("wb") as file:
        shutil.copyfileobj(packed, file, 1 << 20)
    return plain


def read_layout(folder: Path) -> Saved:
    """What a tool wrote as an OCI layout."""
    _, (config, *blobs) = layout.read(folder)
    return Saved(json.loads(config.path.read_bytes()), [blob.path for blob in blobs])


def read_folder(folder: Path) -> Saved:
    """What buildah wrote as a plain folder, its `dir:`."""
    manifest = json.loads((folder / "manifest.json").read_bytes())
    paths = [folder / str(entry["digest"]).partition(":")[2] for entry in (manifest["config"], *manifest["layers"])]
    return Saved(json.loads(paths[0].read_bytes()), paths[1:])

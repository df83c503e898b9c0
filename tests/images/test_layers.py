from __future__ import annotations

import gzip
import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from images import layers
from images.errors import BuildError
from pipelines.image import layout, platforms
from pipelines.image.layer import File, in_memory

AMD64 = platforms.find("linux/amd64")
CONTENT = in_memory("x", {"a": File(b"1")}).content or b""
DIGEST = f"sha256:{hashlib.sha256(CONTENT).hexdigest()}"
CONFIG = {
    "created": "2026-01-01T00:00:00Z",
    "history": [{"created_by": "buildah 1.28"}],
    "config": {
        "User": "10001:10001",
        "Env": ["A=1"],
        "Labels": {"io.buildah.version": "1.28", "org.opencontainers.image.title": "T"},
    },
    "rootfs": {"type": "layers", "diff_ids": [DIGEST]},
}
Read = Callable[[Path], tuple[dict[str, Any], dict[str, Any]]]


def save(tmp_path: Path, content: bytes = CONTENT, **config: Any) -> layers.Saved:
    (tmp_path / "layer").write_bytes(content)
    return layers.Saved({**CONFIG, **config}, [tmp_path / "layer"])


def test_it_tells_neither_tool_nor_time(tmp_path: Path, documents: Read) -> None:
    digest = layers.write(save(tmp_path), "hub", {}, AMD64, tmp_path / "out")
    manifest, config = documents(tmp_path / "out")
    assert config["created"] == "1970-01-01T00:00:00Z"
    assert "buildah" not in json.dumps([manifest, config])
    assert config["config"]["Env"] == ["A=1"]
    assert config["config"]["Labels"] == manifest["annotations"] == {"org.opencontainers.image.title": "T"}
    assert digest == layout.read(tmp_path / "out")[0].digest
    layout.verify(tmp_path / "out")


def test_packed_or_not_is_the_same_image(tmp_path: Path) -> None:
    plain = layers.write(save(tmp_path), "hub", {}, AMD64, tmp_path / "one")
    packed = layers.write(save(tmp_path, gzip.compress(CONTENT)), "hub", {}, AMD64, tmp_path / "two")
    assert plain == packed
    layout.verify(tmp_path / "two")


def test_a_damaged_layer_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BuildError, match="python -m images hub"):
        layers.write(save(tmp_path, CONTENT + b"\0"), "hub", {}, AMD64, tmp_path / "out")


def test_a_layer_that_another_image_has_is_linked(tmp_path: Path) -> None:
    layers.write(save(tmp_path), "base", {}, AMD64, tmp_path / "base")
    shared = layers.blobs_of([tmp_path / "base", tmp_path / "nothing"])
    assert set(shared) == {DIGEST}
    layers.write(save(tmp_path), "hub", shared, AMD64, tmp_path / "hub")
    assert layout.read(tmp_path / "hub")[1][1].path.samefile(shared[DIGEST])


def test_what_tools_write_is_read_in_either_form(tmp_path: Path) -> None:
    layers.write(save(tmp_path), "base", {}, AMD64, tmp_path / "base")
    _, (config, layer) = layout.read(tmp_path / "base")
    of_layout = layers.read_layout(tmp_path / "base")
    folder = tmp_path / "dir"
    folder.mkdir()
    for blob in (config, layer):
        (folder / blob.digest[7:]).write_bytes(blob.path.read_bytes())
    entries = {"config": {"digest": config.digest}, "layers": [{"digest": layer.digest}]}
    (folder / "manifest.json").write_text(json.dumps(entries))
    of_folder = layers.read_folder(folder)
    assert of_layout.config == of_folder.config
    assert [path.read_bytes() for path in of_layout.layers] == [path.read_bytes() for path in of_folder.layers]

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from pipelines.image import layout, platforms
from pipelines.image.errors import ImageError
from pipelines.image.layer import File, Layer, in_memory

AMD64 = platforms.find("linux/amd64")


def content(*texts: str) -> layout.Content:
    layers = [in_memory(f"layer {text}", {text: File(text.encode())}) for text in texts]
    return layout.Content(layers, AMD64, {"User": "1"}, {"title": "t"})


def blobs(folder: Path) -> set[str]:
    return {f"sha256:{path.name}" for path in (folder / "blobs" / "sha256").iterdir()}


def test_it_says_what_the_specification_wants(tmp_path: Path) -> None:
    digest = layout.write(tmp_path / "image", content("a", "b"), "tag")
    index = json.loads((tmp_path / "image" / "index.json").read_bytes())
    assert json.loads((tmp_path / "image" / "oci-layout").read_bytes()) == {"imageLayoutVersion": "1.0.0"}
    assert index["manifests"][0]["digest"] == digest
    assert layout.tag_of(tmp_path / "image") == "tag"
    manifest, (config, *layers) = layout.read(tmp_path / "image")
    document = json.loads(config.path.read_bytes())
    assert (manifest.digest, manifest.media_type) == (digest, layout.MANIFEST)
    assert (document["architecture"], document["os"], document["config"]) == ("amd64", "linux", {"User": "1"})
    assert document["rootfs"]["diff_ids"] == [layer.digest for layer in layers]
    assert [entry["created_by"] for entry in document["history"]] == ["stillhouse: layer a", "stillhouse: layer b"]


def test_the_old_image_goes_once_the_new_one_is_there(tmp_path: Path) -> None:
    folder = tmp_path / "image"
    for number in range(5):
        layout.write(folder, content("base", str(number)), "tag")
        assert len(blobs(folder)) == 4  # two layers, config, manifest
    layout.verify(folder)


@pytest.mark.parametrize("step", ["a blob", "the index"])
def test_the_old_image_stays_whole_where_writing_is_interrupted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    folder = tmp_path / "image"
    before = layout.write(folder, content("a"), "tag")
    replace = Path.replace

    def interrupted(self: Path, target: Path) -> Path:
        if step == "a blob" or Path(target).name == "index.json":
            raise KeyboardInterrupt
        return replace(self, target)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", interrupted)
        with pytest.raises(KeyboardInterrupt):
            layout.write(folder, content("b"), "tag")
    layout.verify(folder)
    assert layout.read(folder)[0].digest == before

    after = layout.write(folder, content("b"), "tag")
    layout.verify(folder)
    assert layout.read(folder)[0].digest == after
    assert len(blobs(folder)) == 3
    assert not list(folder.glob(".aside-*"))


def test_what_a_killed_process_left_is_swept(tmp_path: Path) -> None:
    folder = tmp_path / "image"
    layout.write(folder, content("a"), "tag")
    (folder / ".aside-123").write_text("half")
    (folder / "blobs" / "sha256" / "0123").write_text("half")
    layout.write(folder, content("a"), "tag")
    assert not (folder / ".aside-123").exists()
    assert not (folder / "blobs" / "sha256" / "0123").exists()


def test_blobs_of_the_cache_are_linked_not_copied(tmp_path: Path) -> None:
    layer = in_memory("x", {"a": File(b"a")})
    (tmp_path / "blob").write_bytes(layer.content or b"")
    cached = Layer("x", layer.digest, layer.size, layer.diff_id, path=tmp_path / "blob")
    layout.write(tmp_path / "image", layout.Content([cached], AMD64, {}), "tag")
    _, (_, linked) = layout.read(tmp_path / "image")
    assert linked.path.samefile(tmp_path / "blob")


def test_blobs_are_copied_where_they_cant_be_linked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise OSError(18, "Invalid cross-device link")

    monkeypatch.setattr(os, "link", refuse)
    test_layer = in_memory("x", {"a": File(b"a")})
    (tmp_path / "blob").write_bytes(test_layer.content or b"")
    cached = Layer("x", test_layer.digest, test_layer.size, test_layer.diff_id, path=tmp_path / "blob")
    layout.write(tmp_path / "image", layout.Content([cached], AMD64, {}), "tag")
    layout.verify(tmp_path / "image")
    _, (_, copied) = layout.read(tmp_path / "image")
    assert not copied.path.samefile(tmp_path / "blob")


def test_a_changed_byte_is_found(tmp_path: Path) -> None:
    folder = tmp_path / "image"
    layout.write(folder, content("a"), "tag")
    _, (_, layer) = layout.read(folder)
    changed = bytearray(layer.path.read_bytes())
    changed[0] ^= 1
    layer.path.chmod(0o644)
    layer.path.write_bytes(changed)
    with pytest.raises(ImageError, match=layer.path.name):
        layout.verify(folder)


def test_a_blob_that_was_cut_short_is_found_and_written_again(tmp_path: Path) -> None:
    folder = tmp_path / "image"
    layout.write(folder, content("a"), "tag")
    _, (_, layer) = layout.read(folder)
    layer.path.chmod(0o644)
    layer.path.write_bytes(b"short")
    with pytest.raises(ImageError, match="cut short"):
        layout.read(folder)
    layout.write(folder, content("a"), "tag")
    layout.verify(folder)


@pytest.mark.parametrize("damage", ["no index", "no JSON", "no manifest", "no blob"])
def test_where_there_is_no_whole_image_it_says_what_to_do(tmp_path: Path, damage: str) -> None:
    folder = tmp_path / "image"
    layout.write(folder, content("a"), "tag")
    if damage == "no index":
        (folder / "index.json").unlink()
    elif damage == "no blob":
        layout.read(folder)[1][1].path.unlink()
    else:
        (folder / "index.json").write_text("{" if damage == "no JSON" else '{"manifests": []}')
    with pytest.raises(ImageError, match="stillhouse image"):
        layout.read(folder)

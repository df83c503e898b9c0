from __future__ import annotations

import json
from pathlib import Path

import pytest

from pipelines.image.assemble import PROJECT
from pipelines.image.base_lock import FOLDER, Pin, read_pin, read_recipe, write_pin
from pipelines.image.errors import ImageError
from pipelines.image.platforms import PLATFORMS


def write(project: Path, name: str, text: str) -> None:
    (project / FOLDER).mkdir(parents=True, exist_ok=True)
    (project / FOLDER / name).write_text(text)


def test_a_pin_is_read_as_it_was_written_and_others_stay(tmp_path: Path) -> None:
    amd64, arm64 = Pin("sha256:1", {"libc6": "2"}), Pin("sha256:2", {"libc6": "3"})
    write_pin(tmp_path, "linux/amd64", amd64)
    write_pin(tmp_path, "linux/arm64", arm64)
    assert (read_pin(tmp_path, "linux/amd64"), read_pin(tmp_path, "linux/arm64")) == (amd64, arm64)


def test_nothing_is_pinned_where_there_is_no_lock(tmp_path: Path) -> None:
    assert read_pin(tmp_path, "linux/amd64") is None


def test_an_image_has_to_be_pinned_by_digest(tmp_path: Path) -> None:
    write(
        tmp_path, "base.lock.json", json.dumps({"platforms": {"linux/amd64": {"image": "registry.example/python:3"}}})
    )
    with pytest.raises(ImageError, match=r"registry\.example/python:3 is not pinned by digest"):
        read_pin(tmp_path, "linux/amd64")


@pytest.mark.parametrize("text", ["{", "[]", '{"platforms": 1}'])
def test_a_damaged_lock_is_named(tmp_path: Path, text: str) -> None:
    write(tmp_path, "base.lock.json", text)
    with pytest.raises(ImageError, match=r"base\.lock\.json.*Restore it from git"):
        read_pin(tmp_path, "linux/amd64")


@pytest.mark.parametrize("text", ["suite = ", "suite = 'bookworm'"])
def test_a_damaged_recipe_is_named(tmp_path: Path, text: str) -> None:
    write(tmp_path, "base.toml", text)
    with pytest.raises(ImageError, match=r"base\.toml.*Restore it from git"):
        read_recipe(tmp_path)


def test_the_real_lock_pins_every_platform_to_the_same_python() -> None:
    pins = [read_pin(PROJECT, platform) for platform in PLATFORMS]
    assert {(pin.packages or {}).get("python3.11-minimal") for pin in pins if pin} != {None}
    assert len({(pin.packages or {}).get("python3.11-minimal") for pin in pins if pin}) == 1
    assert None not in pins


def test_the_real_lock_has_what_the_real_recipe_asks_for() -> None:
    recipe = read_recipe(PROJECT)
    for platform in PLATFORMS:
        pin = read_pin(PROJECT, platform)
        assert pin
        locked = set(pin.packages or {})
        assert set(recipe.include) <= locked
        assert not recipe.without & locked

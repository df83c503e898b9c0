from __future__ import annotations

import json
import os
import time
from pathlib import Path

import pytest

from pipelines.image import base, debian, platforms, registry
from pipelines.image.base import BaseMissing, Effort
from pipelines.image.base_lock import FOLDER, Pin, read_pin, write_pin
from pipelines.image.cache import Cache, Kept
from pipelines.image.errors import ImageError
from pipelines.image.layer import File

AMD64 = platforms.find("linux/amd64")


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with a recipe; making a base there takes no time."""
    (tmp_path / FOLDER).mkdir(parents=True)
    (tmp_path / FOLDER / "base.toml").write_text(
        "suite = 'bookworm'\ninclude = []\nwithout = []\nkeep = []\ndrop = []\n"
    )
    monkeypatch.setattr(debian, "find_tools", lambda: None)
    debian_has(monkeypatch, {"python3.11-minimal": "3.11.2"})
    return tmp_path


def debian_has(monkeypatch: pytest.MonkeyPatch, packages: dict[str, str]) -> list[object]:
    """Let Debian have these packages; the list grows by what is asked for."""
    asked: list[object] = []

    def make(recipe: object, platform: object, versions: object = None) -> tuple[dict[str, File], dict[str, str]]:
        asked.append(versions)
        if versions not in (None, packages):
            raise ImageError("mmdebstrap failed:\nE: Version was not found")
        return {"packages": File(json.dumps(packages).encode())}, packages

    monkeypatch.setattr(debian, "make", make)
    return asked


@pytest.fixture
def cache(tmp_path: Path) -> Cache:
    return Cache(tmp_path / "cache")


def find(here: Path, cache: Cache, *, make: bool = True, again: bool = False) -> base.Base:
    return base.find(here, AMD64, cache, Effort(make, again), lambda _: None)


def test_a_pinned_base_is_found_and_made_again_where_the_cache_is_empty(
    here: Path, cache: Cache, monkeypatch: pytest.MonkeyPatch
) -> None:
    base.update(here, AMD64, cache, lambda _: None)
    pin = read_pin(here, "linux/amd64")
    assert pin
    asked = debian_has(monkeypatch, {"python3.11-minimal": "3.11.2"})
    found = find(here, cache, make=False)
    assert (found.digest, found.python, asked) == (pin.digest, "3.11.2", [])

    said: list[str] = []
    elsewhere = base.find(here, AMD64, Cache(here / "other"), Effort(), said.append)
    assert elsewhere.digest == found.digest
    assert asked == [{"python3.11-minimal": "3.11.2"}]
    assert "fetching 1 packages of Debian bookworm" in said[0]


def test_the_newest_is_taken_and_told_where_that_is_wanted_and_debian_moved_on(
    here: Path, cache: Cache, monkeypatch: pytest.MonkeyPatch
) -> None:
    base.update(here, AMD64, Cache(here / "elsewhere"), lambda _: None)
    asked = debian_has(monkeypatch, {"python3.11-minimal": "3.11.3"})
    with pytest.raises(BaseMissing, match="Version was not found"):
        find(here, cache)
    said: list[str] = []
    found = base.find(here, AMD64, cache, Effort(newest=True), said.append)
    assert found.python == "3.11.3"
    assert found.digest != read_pin(here, "linux/amd64").digest  # type: ignore[union-attr]
    assert any("NOTICE" in line and "Version was not found" in line for line in said)
    assert asked[-1] is None
    asked.clear()
    assert base.find(here, AMD64, cache, Effort(newest=True), said.append) == found
    assert asked == []


def test_a_missing_tool_is_no_reason_to_take_the_newest(
    here: Path, cache: Cache, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_pin(here, "linux/amd64", Pin("sha256:1", {}))
    monkeypatch.setattr(debian, "find_tools", lambda: "mmdebstrap is not installed")
    with pytest.raises(base.ToolMissing, match="mmdebstrap is not installed"):
        base.find(here, AMD64, cache, Effort(newest=True), lambda _: None)


def test_it_is_not_made_where_that_takes_too_long(here: Path, cache: Cache) -> None:
    write_pin(here, "linux/amd64", Pin("sha256:1", {}))
    with pytest.raises(BaseMissing, match="not in the cache"):
        find(here, cache, make=False)


def test_without_a_pin_it_says_how_to_pin_one(here: Path, cache: Cache) -> None:
    with pytest.raises(BaseMissing, match="stillhouse image --update-base --platform linux/amd64"):
        find(here, cache)


def test_without_the_tool_it_says_how_to_install_it(here: Path, cache: Cache, monkeypatch: pytest.MonkeyPatch) -> None:
    write_pin(here, "linux/amd64", Pin("sha256:1", {}))
    monkeypatch.setattr(debian, "find_tools", lambda: f"mmdebstrap is not installed; {debian.INSTALL}")
    with pytest.raises(BaseMissing, match="sudo apt-get install mmdebstrap, then run: stillhouse image"):
        find(here, cache)


def test_where_debian_has_moved_on_it_says_how_to_update(
    here: Path, cache: Cache, monkeypatch: pytest.MonkeyPatch
) -> None:
    base.update(here, AMD64, cache, lambda _: None)
    debian_has(monkeypatch, {"python3.11-minimal": "3.11.3"})
    with pytest.raises(BaseMissing, match=r"Version was not found\n.*stillhouse image --update-base"):
        find(here, Cache(here / "empty"))


def test_another_base_than_the_locked_one_is_not_used(here: Path, cache: Cache) -> None:
    write_pin(here, "linux/amd64", Pin("sha256:" + "0" * 64, {"python3.11-minimal": "3.11.2"}))
    with pytest.raises(BaseMissing, match=r"base\.lock\.json: it pins the base debian@sha256:000000000000"):
        find(here, cache)


def test_a_failure_is_remembered_for_a_day(here: Path, cache: Cache, monkeypatch: pytest.MonkeyPatch) -> None:
    write_pin(here, "linux/amd64", Pin("sha256:1", {"python3.11-minimal": "gone"}))
    asked = debian_has(monkeypatch, {"python3.11-minimal": "3.11.2"})
    for _ in range(3):
        with pytest.raises(BaseMissing, match="Version was not found"):
            find(here, cache)
    assert len(asked) == 1
    with pytest.raises(BaseMissing):
        find(here, cache, again=True)
    assert len(asked) == 2
    (note,) = (cache.folder / "failed").iterdir()
    yesterday = time.time() - base.DAY - 1
    os.utime(note, (yesterday, yesterday))
    with pytest.raises(BaseMissing):
        find(here, cache)
    assert len(asked) == 3


def test_a_base_from_a_registry_brings_its_environment(
    here: Path, cache: Cache, monkeypatch: pytest.MonkeyPatch
) -> None:
    reference = "registry.example/python@sha256:" + "1" * 64
    lock = {"platforms": {"linux/amd64": {"image": reference}}}
    (here / FOLDER / "base.lock.json").write_text(json.dumps(lock))
    layer = cache.write("base", {"a": File(b"")})
    monkeypatch.setattr(registry, "pull", lambda *_: Kept((layer,), {"environment": {"PATH": "/opt"}}))
    found = find(here, cache)
    assert (found.name, found.digest) == (reference, reference.rpartition("@")[2])
    assert (found.environment, found.python) == ({"PATH": "/opt"}, None)


def test_a_registry_that_cant_be_reached_leaves_no_base(
    here: Path, cache: Cache, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise ImageError("it can't be reached")

    lock = {"platforms": {"linux/amd64": {"image": "registry.example/python@sha256:1"}}}
    (here / FOLDER / "base.lock.json").write_text(json.dumps(lock))
    monkeypatch.setattr(registry, "pull", fail)
    with pytest.raises(BaseMissing, match=r"registry\.example/python@sha256:1 can't be pulled: it can't be reached"):
        find(here, cache)

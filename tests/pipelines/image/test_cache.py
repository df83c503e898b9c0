from __future__ import annotations

import os
import threading
import time
from pathlib import Path

import pytest

from pipelines.image.cache import KEPT_DAYS, Cache, Kept, default_folder, key
from pipelines.image.errors import ImageError
from pipelines.image.layer import File


@pytest.fixture
def cache(tmp_path: Path) -> Cache:
    return Cache(tmp_path / "cache")


def kept(cache: Cache, content: bytes = b"content") -> Kept:
    return Kept((cache.write("some", {"a": File(content)}),), {"note": 1})


def test_it_is_made_once(cache: Cache) -> None:
    first = cache.get("some", "k", lambda: kept(cache))
    second = cache.get("some", "k", lambda: pytest.fail("made again"))
    assert (second.layers[0].digest, second.about) == (first.layers[0].digest, {"note": 1})
    assert second.layers[0].path == cache.blob(first.layers[0].digest)


def test_it_is_made_once_among_many_who_want_it_at_the_same_time(cache: Cache) -> None:
    made = []

    def make() -> Kept:
        made.append(1)
        time.sleep(0.05)
        return kept(cache)

    threads = [threading.Thread(target=cache.get, args=("some", "k", make)) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 1


def test_a_blob_that_was_cut_short_is_made_again(cache: Cache) -> None:
    layer = cache.get("some", "k", lambda: kept(cache)).layers[0]
    path = cache.blob(layer.digest)
    path.chmod(0o644)
    path.write_bytes(b"short")
    assert cache.find("some", "k") is None
    assert cache.get("some", "k", lambda: kept(cache)).layers[0] == layer
    assert path.stat().st_size == layer.size


def test_a_blob_can_not_be_written_by_mistake(cache: Cache) -> None:
    assert oct(cache.blob(kept(cache).layers[0].digest).stat().st_mode & 0o777) == "0o444"


def test_nothing_is_left_where_making_fails(cache: Cache) -> None:
    with pytest.raises(FileNotFoundError):
        cache.write("some", {"a": File(cache.folder / "nothing here")})
    assert [path for path in cache.folder.rglob("*") if path.is_file()] == []


def test_what_nobody_used_for_long_is_forgotten(cache: Cache) -> None:
    old, used = kept(cache, b"old"), kept(cache, b"used")
    cache.keep("old", old)
    cache.keep("used", used)
    long_ago = time.time() - (KEPT_DAYS + 1) * 24 * 3600
    for each in (old, used):
        os.utime(cache.blob(each.layers[0].digest), (long_ago, long_ago))
    os.utime(cache.folder / "kept" / "old.json", (long_ago, long_ago))
    cache.prune()
    assert cache.find("some", "old") is None
    assert not cache.blob(old.layers[0].digest).exists()
    assert cache.find("some", "used") == Kept((used.layers[0],), {"note": 1})


def test_keys_tell_the_parts_apart() -> None:
    assert key("ab", "c") != key("a", "bc")


def test_where_it_is(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert default_folder() == tmp_path / "stillhouse"
    monkeypatch.setenv("XDG_CACHE_HOME", "relative")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert default_folder() == tmp_path / ".cache" / "stillhouse"


def test_a_cache_that_cant_be_written_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ImageError, match="XDG_CACHE_HOME"):
        kept(Cache(tmp_path / "file"))

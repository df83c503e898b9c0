from __future__ import annotations

import json
import os
import tarfile
from pathlib import Path

import pytest

from images import root
from images.errors import BuildError
from pipelines.image import debian, platforms
from pipelines.image.cache import Cache
from pipelines.image.errors import ImageError

AMD64 = platforms.find("linux/amd64")
PROJECT = Path(__file__).resolve().parents[2]
# Writes a root file system of one package, in the version that $VERSION has, and what it was asked for.
MMDEBSTRAP = """#!/bin/sh
printf '%s\\n' "$@" > "$ASKED"
cat > "$ASKED.sources"
for word in "$@"; do
  case "$word" in
    */cache/tmp/*) tar="$word" ;;
    --setup-hook=*) cp "$(echo "$word" | sed 's/.*install -D \\([^ ]*\\) .*/\\1/')" "$ASKED.preferences" ;;
  esac
done
[ "$VERSION" = gone ] && { echo 'E: no such mirror' >&2; exit 1; }
mkdir -p "$ASKED.root/var/lib/dpkg"
printf 'Package: tini\\nStatus: install ok installed\\nVersion: %s\\n' "$VERSION" > "$ASKED.root/var/lib/dpkg/status"
tar --directory "$ASKED.root" --create --file "$tar" .
"""


@pytest.fixture
def asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where mmdebstrap's arguments are noted; it makes version 1."""
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "mmdebstrap").write_text(MMDEBSTRAP)
    (tmp_path / "bin" / "mmdebstrap").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:{os.environ['PATH']}")
    monkeypatch.setenv("ASKED", str(tmp_path / "asked"))
    monkeypatch.setenv("VERSION", "1")
    monkeypatch.setattr(debian, "sources", lambda suite: f"deb mirror {suite} main\n")
    return tmp_path / "asked"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A checkout whose lock has version 1."""
    folder = tmp_path / "project" / root.FOLDER
    folder.mkdir(parents=True)
    (folder / "packages.toml").write_bytes((PROJECT / root.FOLDER / "packages.toml").read_bytes())
    (folder / root.LOCK).write_text(json.dumps({"platforms": {"linux/amd64": {"tini": "1"}}}))
    return tmp_path / "project"


@pytest.fixture
def cache(tmp_path: Path) -> Cache:
    return Cache(tmp_path / "cache")


def test_the_locked_versions_are_asked_for(asked: Path, project: Path, cache: Cache) -> None:
    said: list[str] = []
    found = root.find(project, AMD64, cache, said.append)
    assert found.locked
    assert asked.with_suffix(".preferences").read_text() == "Package: tini\nPin: version 1\nPin-Priority: 1001\n"
    assert asked.with_suffix(".sources").read_text() == "deb mirror bookworm main\n"
    assert "--architectures=amd64" in asked.read_text().splitlines()
    assert found.layer.path
    with tarfile.open(found.layer.path) as tar:
        assert "./var/lib/dpkg/status" in tar.getnames()
    assert not any("NOTICE" in line for line in said)


def test_it_is_made_once(asked: Path, project: Path, cache: Cache) -> None:
    first = root.find(project, AMD64, cache, print)
    asked.unlink()
    assert root.find(project, AMD64, cache, print) == first
    assert not asked.exists()


def test_where_debian_moved_on_the_newest_is_taken_and_told_each_time(
    asked: Path, project: Path, cache: Cache, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VERSION", "2")
    for _ in range(2):
        said: list[str] = []
        assert not root.find(project, AMD64, cache, said.append).locked
        assert "NOTICE" in said[-1]
        assert "tini" in said[-1]
        assert root.UPDATE in said[-1]


def test_the_newest_of_yesterday_is_not_the_newest_of_today(
    asked: Path, project: Path, cache: Cache, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Tomorrow(root.datetime.datetime):
        @classmethod
        def now(cls, tz=None):
            return super().now(tz) + root.datetime.timedelta(days=1)

    monkeypatch.setenv("VERSION", "2")
    before = root.find(project, AMD64, cache, print)
    monkeypatch.setenv("VERSION", "3")
    assert root.find(project, AMD64, cache, print) == before
    monkeypatch.setattr(root.datetime, "datetime", Tomorrow)
    assert root.find(project, AMD64, cache, print) != before


def test_updating_locks_what_there_is(
    asked: Path, project: Path, cache: Cache, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VERSION", "2")
    path = root.update(project, AMD64, cache, print)
    assert json.loads(path.read_text()) == {"platforms": {"linux/amd64": {"tini": "2"}}}
    assert asked.with_suffix(".preferences").read_text() == ""
    asked.unlink()
    assert root.find(project, AMD64, cache, print).locked
    assert not asked.exists()  # it was made by the update


def test_mmdebstraps_own_words_are_told(
    asked: Path, project: Path, cache: Cache, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VERSION", "gone")
    with pytest.raises(ImageError, match="no such mirror"):
        root.find(project, AMD64, cache, print)


def test_a_missing_mmdebstrap_is_named(project: Path, cache: Cache, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(BuildError, match="apt-get install mmdebstrap"):
        root.find(project, AMD64, cache, print)


def test_our_lock_has_what_the_recipe_asks_for() -> None:
    lock = json.loads((PROJECT / root.FOLDER / root.LOCK).read_text())["platforms"]["linux/amd64"]
    recipe = root.tomllib.loads((PROJECT / root.FOLDER / "packages.toml").read_text())
    assert set(recipe["include"]) <= set(lock)
    assert not {"gcc", "python3-pip", "python3.11-venv", "build-essential"} & set(lock)

"""The author is told on the commit, beside what others note there."""

from __future__ import annotations

import pytest
from repositories import git

from pipelines.cluster import note, source
from pipelines.cluster.errors import ClusterError


@pytest.fixture
def clones(remote, tmp_path):
    for name in ("one", "two"):
        git(tmp_path, "clone", "--quiet", str(remote), name)
    return tmp_path / "one", tmp_path / "two"


def told(remote):
    return git(remote, "notes", f"--ref={note.REF}", "show", "main")


def test_a_note_is_where_every_clone_can_fetch_it(remote, clones):
    commit = source.resolve(clones[0], "HEAD")
    note.push(clones[0], str(remote), commit, "passed\n")
    assert told(remote) == "passed"


def test_a_second_note_stands_beside_the_first(remote, clones):
    commit = source.resolve(clones[0], "HEAD")
    note.push(clones[0], str(remote), commit, "flowers passed\n")
    note.push(clones[1], str(remote), commit, "trees failed\n")
    assert told(remote).splitlines() == ["flowers passed", "", "trees failed"]


def test_a_note_made_at_the_same_time_is_not_lost(remote, clones, monkeypatch):
    commit = source.resolve(clones[0], "HEAD")
    plain = note.git

    def slow(*arguments, at=None):
        if arguments[0] == "push" and at == clones[0] and not (remote / "between").exists():
            (remote / "between").touch()
            note.push(clones[1], str(remote), commit, "trees failed\n")
        return plain(*arguments, at=at)

    monkeypatch.setattr(note, "git", slow)
    note.push(clones[0], str(remote), commit, "flowers passed\n")
    assert told(remote).splitlines() == ["trees failed", "", "flowers passed"]


def test_a_repository_that_refuses_is_told_of(clones, tmp_path):
    commit = source.resolve(clones[0], "HEAD")
    with pytest.raises(ClusterError, match="git ls-remote"):
        note.push(clones[0], str(tmp_path / "none.git"), commit, "passed\n")

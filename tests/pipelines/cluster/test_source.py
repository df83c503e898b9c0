"""Commits are looked for, fetched and checked out."""

from __future__ import annotations

import pytest
from repositories import commit, git

from pipelines.cluster import source
from pipelines.cluster.errors import ClusterError


def test_the_head_of_a_branch(flowers, remote):
    assert source.head(str(remote), "main") == git(flowers.root, "rev-parse", "HEAD")
    assert source.head(str(remote), "none") is None


def test_a_mirror_follows_even_when_history_was_rewritten(flowers, remote, tmp_path):
    mirror = tmp_path / "mirror.git"
    source.fetch(str(remote), "main", mirror)
    (flowers.root / "new.txt").write_text("new")
    git(flowers.root, "commit", "--quiet", "--amend", "--allow-empty", "-m", "Start anew")
    head = commit(flowers.root, "Add a file")
    git(flowers.root, "push", "--quiet", "--force", str(remote), "main")
    source.fetch(str(remote), "main", mirror)
    with source.checkout(mirror, head) as folder:
        assert (folder / "new.txt").read_text() == "new"
    assert not folder.exists()


def test_a_checkout_holds_what_is_committed_and_nothing_else(flowers):
    (flowers.root / "not_committed.txt").write_text("")
    with source.checkout(flowers.root, git(flowers.root, "rev-parse", "HEAD")) as folder:
        assert (folder / "uv.lock").is_file()
        assert not (folder / "not_committed.txt").exists()


def test_a_commit_is_found_by_any_of_its_names(flowers):
    head = git(flowers.root, "rev-parse", "HEAD")
    assert source.resolve(flowers.root, "HEAD") == head
    assert source.resolve(flowers.root, head[:10]) == head
    with pytest.raises(ClusterError, match="there is no commit 'nowhere'"):
        source.resolve(flowers.root, "nowhere")


def test_git_says_what_is_wrong(tmp_path):
    with pytest.raises(ClusterError, match=r"git ls-remote: fatal: .*none.git"):
        source.head(str(tmp_path / "none.git"), "main")


def test_git_that_hangs_is_given_up(monkeypatch, tmp_path):
    (tmp_path / "git").write_text("#!/bin/sh\nexec sleep 30\n")
    (tmp_path / "git").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    monkeypatch.setattr(source, "SECONDS", 0.2)
    with pytest.raises(ClusterError, match=r"no answer within 0.2 s"):
        source.head("anywhere", "main")


def test_credentials_come_from_the_environment_and_from_no_command_line(monkeypatch, tmp_path):
    (tmp_path / "git").write_text('#!/bin/sh\necho "$@"\n')
    (tmp_path / "git").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    assert "credential" not in source.git("fetch")
    monkeypatch.setenv("STILLHOUSE_GIT_USERNAME", "somebody")
    monkeypatch.setenv("STILLHOUSE_GIT_PASSWORD", "hidden")
    said = source.git("fetch")
    assert "credential.helper" in said
    assert "hidden" not in said

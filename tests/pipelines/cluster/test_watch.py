"""What is pushed runs; nothing that happens ends the watch."""

from __future__ import annotations

import dataclasses

import pytest
from repositories import commit, git

from pipelines.cluster import kube, note
from pipelines.cluster import watch as module
from pipelines.cluster.errors import ClusterError


@pytest.fixture
def submitted(monkeypatch):
    """The names of the runs that a cluster was given."""
    names = []
    monkeypatch.setattr(kube, "find", lambda name, namespace: {} if name in names else None)
    monkeypatch.setattr(kube, "create", lambda run: names.append(run["metadata"]["name"]) or True)
    return names


@pytest.fixture
def watch(settings, tmp_path):
    (tmp_path / "scratch").mkdir()
    return module.Watch(settings, tmp_path / "scratch")


def push(flowers, remote, message="Change"):
    head = commit(flowers.root, message)
    git(flowers.root, "push", "--quiet", str(remote), "main")
    return f"flowers-{head[:12]}"


def test_each_new_commit_runs_once(watch, submitted, flowers, remote):
    watch.look()
    watch.look()
    first = f"flowers-{git(remote, 'rev-parse', 'main')[:12]}"
    assert submitted == [first]
    second = push(flowers, remote)
    watch.look()
    watch.look()
    assert submitted == [first, second]


def test_another_watch_does_not_run_it_again(watch, submitted, settings, tmp_path, capsys):
    watch.look()
    (tmp_path / "other").mkdir()
    module.Watch(settings, tmp_path / "other").look()
    assert len(submitted) == 1
    assert capsys.readouterr().out.splitlines()[-1].endswith("has run already")


def test_other_branches_and_notes_are_not_run(watch, submitted, flowers, remote):
    watch.look()
    git(flowers.root, "checkout", "--quiet", "-b", "trial")
    head = commit(flowers.root, "Try")
    git(flowers.root, "push", "--quiet", str(remote), "trial")
    note.push(flowers.root, str(remote), head, "a note\n")
    watch.look()
    assert len(submitted) == 1


def test_an_empty_repository_is_waited_for(settings, tmp_path, submitted, capsys):
    git(tmp_path, "init", "--quiet", "--bare", "empty.git")
    empty = dataclasses.replace(settings, repository=str(tmp_path / "empty.git"))
    module.Watch(empty, tmp_path).look()
    assert submitted == []
    assert capsys.readouterr().out == ""


def test_a_git_server_that_is_gone_is_told_once_and_asked_again(settings, tmp_path, submitted, remote, capsys):
    away = remote.with_name("away.git")
    remote.rename(away)
    watch = module.Watch(settings, tmp_path)
    watch.look()
    watch.look()
    assert capsys.readouterr().out.count("trying again: git ls-remote") == 1
    away.rename(remote)
    watch.look()
    assert len(submitted) == 1


@pytest.mark.parametrize("error", [ClusterError("the cluster does not answer"), OSError("no route"), KeyError("x")])
def test_a_cluster_that_hiccups_gets_the_run_at_the_next_look(watch, submitted, monkeypatch, capsys, error):
    create = kube.create

    def refuse(_run):
        raise error

    monkeypatch.setattr(kube, "create", refuse)
    watch.look()
    assert "trying again: " in capsys.readouterr().out
    monkeypatch.setattr(kube, "create", create)
    watch.look()
    assert len(submitted) == 1


def test_a_commit_that_cant_be_run_is_told_to_its_author_and_to_nobody_twice(
    watch, submitted, flowers, remote, tmp_path, capsys
):
    watch.settings = dataclasses.replace(watch.settings, may_push=True)
    (flowers.folder / "dvc.yaml").write_text("stages: [\n")
    push(flowers, remote)
    watch.look()
    watch.look()
    assert submitted == []
    assert capsys.readouterr().out.count("can't be run, and what serves stays as it is") == 1
    told = git(remote, "notes", f"--ref={note.REF}", "show", "main")
    assert "dvc.yaml" in told


def test_a_command_that_argo_would_change_is_told_to_its_author(watch, submitted, flowers, remote, capsys):
    text = (flowers.folder / "dvc.yaml").read_text()
    (flowers.folder / "dvc.yaml").write_text(text.replace("stillhouse gate input", "echo '{{workflow.uid}}'"))
    push(flowers, remote)
    watch.look()
    assert submitted == []
    assert "Put the command in a script" in capsys.readouterr().out


def test_it_looks_again_and_again(watch, monkeypatch):
    looks = []

    def sleep(seconds):
        looks.append(seconds)
        if len(looks) == 3:
            raise KeyboardInterrupt

    monkeypatch.setattr(watch, "look", lambda: None)
    monkeypatch.setattr(module.time, "sleep", sleep)
    with pytest.raises(KeyboardInterrupt):
        watch.forever()
    assert looks == [1, 1, 1]

"""A commit runs once, and whoever waits is told how it goes."""

from __future__ import annotations

from pathlib import Path

import pytest
from repositories import commit, git

from pipelines.cluster import kube, submit
from pipelines.cluster.errors import ClusterError
from pipelines.errors import StillhouseError


@pytest.fixture
def cluster(monkeypatch):
    """A cluster that keeps what it is given."""
    kept = {}
    monkeypatch.setattr(kube, "find", lambda name, namespace: kept.get(name))
    monkeypatch.setattr(
        kube, "create", lambda run: kept.setdefault(run["metadata"]["name"], run) is run and len(kept) > 0
    )
    return kept


def test_a_commit_is_compiled_as_it_was_pushed(cluster, flowers, settings):
    head = git(flowers.root, "rev-parse", "HEAD")
    (flowers.folder / "params.yaml").write_text("factor: 7 # not committed\n")
    assert submit.submit(flowers.root, "flowers", head, settings) == (f"flowers-{head[:12]}", True)
    run = cluster[f"flowers-{head[:12]}"]
    train = next(one for one in run["spec"]["templates"] if one["name"] == "train")
    assert "-p factor 2" in train["container"]["args"][1]


def test_a_commit_runs_once(cluster, flowers, settings):
    head = git(flowers.root, "rev-parse", "HEAD")
    name, _ = submit.submit(flowers.root, "flowers", head, settings)
    first = cluster[name]
    assert submit.submit(flowers.root, "flowers", head, settings) == (name, False)
    assert cluster == {name: first}


def test_whoever_is_second_at_the_same_time_gets_the_first_ones_run(cluster, flowers, settings, monkeypatch):
    head = git(flowers.root, "rev-parse", "HEAD")
    monkeypatch.setattr(kube, "create", lambda run: False)
    assert submit.submit(flowers.root, "flowers", head, settings)[1] is False


def test_we_stand_where_we_stood(cluster, flowers, settings):
    before = Path.cwd()
    submit.submit(flowers.root, "flowers", git(flowers.root, "rev-parse", "HEAD"), settings)
    assert Path.cwd() == before


def test_an_analysis_that_the_commit_has_not_is_told(cluster, flowers, settings):
    with pytest.raises(StillhouseError, match="there is no analysis 'trees'"):
        submit.submit(flowers.root, "trees", git(flowers.root, "rev-parse", "HEAD"), settings)


def test_a_definition_that_cant_be_read_is_told(cluster, flowers, settings):
    (flowers.folder / "dvc.yaml").write_text("stages: [\n")
    with pytest.raises(StillhouseError, match=r"dvc.yaml"):
        submit.submit(flowers.root, "flowers", commit(flowers.root, "Break it"), settings)
    assert cluster == {}


# --- Follow -------------------------------------------------------------------------------------------------------


def node(name, phase="Succeeded", kind="Retry", at="00", **more):
    return {
        "displayName": name,
        "type": kind,
        "phase": phase,
        "startedAt": "2026-11-22T15:00:00Z",
        "finishedAt": f"2026-11-22T15:00:{at}Z",
        **more,
    }


def workflow(phase, *nodes, ended=True):
    status = {"phase": phase, "nodes": {str(number): one for number, one in enumerate(nodes)}}
    return {"status": status | ({"finishedAt": "now"} if ended else {})}


@pytest.fixture
def shows(monkeypatch):
    """A cluster that shows one state of a run after the other."""

    def these(*states):
        rest = list(states)
        monkeypatch.setattr(kube, "find", lambda name, namespace: rest.pop(0))
        monkeypatch.setattr(submit, "POLL", 0)

    return these


VERDICT = {"parameters": [{"name": "verdict", "value": "passed: all is well\n"}]}


def test_each_step_is_told_once_when_it_ends(shows):
    first = node("gate-input", at="05")
    shows(
        {"metadata": {}},
        workflow("Running", node("prepare", "Running"), first, node("gate-input(0)", kind="Pod", at="04"), ended=False),
        workflow(
            "Succeeded",
            node("w-1", kind="DAG"),
            node("prepare", at="09"),
            first,
            node("w-1.onExit", templateName="record", outputs=VERDICT),
        ),
    )
    told = []
    assert submit.follow("w-1", "runs", told.append) == (True, "passed: all is well\n")
    assert [(step.name, step.status, step.seconds) for step in told] == [
        ("gate-input", "ran", 5.0),
        ("prepare", "ran", 9.0),
    ]


def test_a_failure_and_what_it_blocks_are_told(shows):
    shows(
        workflow(
            "Failed",
            node("train", "Failed", message="main: Error"),
            node("train(0)", "Error", "Pod", message="init: no such revision"),
            node("release", "Omitted", "Skipped"),
        )
    )
    told = []
    passed, verdict = submit.follow("w-1", "runs", told.append)
    assert not passed
    assert {(step.name, step.status, step.message) for step in told} == {
        ("train", "failed", "main: Error"),
        ("release", "blocked", ""),
    }
    assert verdict == "there is no record of it (no reason is known)\n✗ train(0): init: no such revision\n"


def test_a_run_that_is_gone_is_told(shows):
    shows(None)
    with pytest.raises(ClusterError, match="run w-1 is gone from the cluster"):
        submit.follow("w-1", "runs", print)

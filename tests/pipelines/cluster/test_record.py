"""The record of a run on a cluster: like one of a run on one machine, whatever the steps wrote."""

from __future__ import annotations

import dataclasses
import io
import json
import shutil

import pytest
from flowers import make_checkout
from pods import make_pod, make_remote, make_settings
from repositories import git

from pipelines.analysis import Analysis
from pipelines.cluster import note
from pipelines.cluster.execute import execute
from pipelines.cluster.places import read_record
from pipelines.cluster.record import Ended, record
from pipelines.cluster.workflow import compile_run
from pipelines.graph import read_steps
from pipelines.progress import Progress
from pipelines.record import _load
from pipelines.run import run

FAILED_RELEASE = [{"displayName": "release", "message": "main: Error (exit code 1)", "phase": "Failed"}]


@pytest.fixture
def ended(monkeypatch):
    """Have the controller say how the run ended."""

    def say(status="Succeeded", failures=()):
        monkeypatch.setenv("STILLHOUSE_STATUS", status)
        monkeypatch.setenv("STILLHOUSE_FAILURES", json.dumps(json.dumps(list(failures))))
        monkeypatch.setenv("STILLHOUSE_DURATION", "61.4321")
        monkeypatch.setenv("STILLHOUSE_CREATIONTIMESTAMP", "2026-11-22T15:00:00Z")

    return say


@pytest.fixture(scope="module")
def once(tmp_path_factory):
    """Every step of the flowers, each in a pod of its own, as the Workflow would have them."""
    root = tmp_path_factory.mktemp("once")
    analysis = make_checkout(root / "a checkout")
    remote = make_remote(analysis, root)
    commit = git(analysis.root, "rev-parse", "HEAD")
    run = compile_run(analysis, read_steps(analysis), commit, make_settings(remote))
    orders = {one["name"]: one["container"]["args"][1] for one in run["spec"]["templates"] if "container" in one}
    order = read_record(orders["record"])
    parcels, digests = {}, {}
    for step in order.steps:
        pod = make_pod(root / "pods" / step.name, remote, commit, {need: parcels[need] for need in step.needs})
        assert execute(step, {need: digests[need] for need in step.needs}, pod)
        parcels[step.name] = pod.parcel
        digests[step.name] = (pod.parcel / "digest").read_text()
    return analysis, remote, order, parcels


@pytest.fixture
def flowers(once, tmp_path, monkeypatch):
    shutil.copytree(once[0].root, tmp_path / "a checkout")
    monkeypatch.chdir(tmp_path / "a checkout")
    return Analysis(tmp_path / "a checkout", tmp_path / "a checkout" / "notebooks" / "flowers")


@pytest.fixture
def remote(once, tmp_path):
    shutil.copytree(once[1], tmp_path / "remote.git")
    return tmp_path / "remote.git"


@pytest.fixture
def ran(once, remote, tmp_path):
    """The order of the record, and a copy of what each step handed on."""
    parcels = {name: tmp_path / "parcels" / name for name in once[3]}
    for name, parcel in parcels.items():
        shutil.copytree(once[3][name], parcel)
    return dataclasses.replace(once[2], repository=str(remote)), parcels


@pytest.fixture
def gather(ran, new_pod):
    """Record the run in a pod that has the parcels of some steps."""
    order, parcels = ran

    def go(*without, order=order, name="record"):
        inputs = {step: path for step, path in parcels.items() if step not in without}
        pod = new_pod(name, order.commit, inputs)
        told = record(order, pod)
        return told, _load(pod.parcel / "record" / "record.json"), pod

    return go


def test_a_run_through_pods_has_the_model_of_a_run_on_one_machine(ran, gather, ended, flowers):
    ended()
    _, entry, pod = gather()
    here = run(flowers, Progress(io.StringIO()))
    assert entry.status == here.status == "passed"
    for what in ("model", "metrics", "params", "data", "code", "environment", "gates", "schema"):
        assert getattr(entry, what) == getattr(here, what), what
    assert entry.model
    assert [(step.name, step.notebook, step.report) for step in entry.steps] == [
        (step.name, step.notebook, step.report) for step in here.steps
    ]
    kept = {path.name for path in (pod.parcel / "record").iterdir()}
    assert {"record.json", "index.html", "logs", "train.html", "train.ipynb"} <= kept


def test_who_when_and_which_commit(gather, ended, flowers):
    ended()
    told, entry, _ = gather()
    assert (entry.who, entry.commit) == ("tester", git(flowers.root, "rev-parse", "HEAD"))
    assert (entry.started, entry.seconds) == ("2026-11-22T15:00:00.000+00:00", 61.432)
    assert entry.id == f"flowers-{entry.commit[:12]}"
    assert told.startswith(f"run {entry.id} of commit {entry.commit[:12]}: passed in 61 s\n")


def test_the_controller_says_who_failed_and_not_the_step(ran, gather, ended):
    """A step that says it ran, in a pod that the controller saw fail."""
    ended("Failed", [{"displayName": "gate-input(0)", "message": "main: OOMKilled (exit code 137)", "phase": "Failed"}])
    told, entry, _ = gather("prepare", "train", "gate-quality")
    assert entry.status == "failed"
    assert [(step.name, step.status) for step in entry.steps] == [
        ("gate-input", "failed"),
        ("prepare", "blocked"),
        ("train", "blocked"),
        ("gate-quality", "blocked"),
    ]
    assert entry.gates["input"]["passed"] is False
    assert entry.model is None
    assert "✗ gate-input\n    main: OOMKilled (exit code 137)" in told
    assert "· not run: prepare, train, gate-quality" in told


def test_a_step_that_says_it_failed_did_even_where_the_controllers_list_cant_be_read(gather, ended, ran, monkeypatch):
    said = {"name": "train", "status": "failed", "seconds": 1.0, "message": "cell 3 failed"}
    (ran[1]["train"] / "step.json").write_text(json.dumps(said))
    ended("Failed")
    monkeypatch.setenv("STILLHOUSE_FAILURES", '"\\x00')
    told, entry, _ = gather("gate-quality")
    assert entry.status == "failed"
    assert "✗ train\n    cell 3 failed" in told


def test_a_failed_release_is_told(gather, ended, ran):
    ended("Failed", FAILED_RELEASE)
    told, entry, _ = gather()
    assert entry.steps[-1].name == "release"
    assert "✗ release\n    main: Error (exit code 1)" in told
    assert "nothing is released; what serves stays as it is" in told


def test_a_release_is_told(gather, ended, ran, tmp_path):
    _, parcels = ran
    parcels["release"] = tmp_path / "released"
    parcels["release"].mkdir()
    content = {"release": 2, "new": True, "model": "a" * 64, "image": "x"}
    (parcels["release"] / "release.json").write_text(json.dumps(content))
    ended()
    told, entry, _ = gather()
    assert "release 2 serves: model aaaaaaaaaaaa, image x" in told
    assert entry.steps[-1].status == "ran"


def test_links_are_not_followed(gather, ended, ran, tmp_path):
    """The pod may hold the way into the repository; a step that hands on a link must not get at it."""
    secret = tmp_path / "secret"
    secret.write_text('{"status": "failed", "message": "no-secret-this"}')
    for name in ("log", "executed.ipynb", "step.json", "outs/notebooks/flowers/build/metrics.json"):
        path = ran[1]["train"] / name
        path.unlink()
        path.symlink_to(secret)
    ended()
    told, entry, pod = gather()
    assert "no-secret-this" not in told
    for path in pod.parcel.rglob("*"):
        if path.is_file():
            assert "no-secret-this" not in path.read_text()
    assert entry.model is None


def test_nonsense_from_a_step_does_not_keep_the_run_from_being_recorded(gather, ended, ran):
    parcel = ran[1]["train"]
    (parcel / "executed.ipynb").write_text("no notebook")
    (parcel / "step.json").write_text("[1]")
    ended()
    _, entry, _ = gather()
    assert [step.report for step in entry.steps if step.name == "train"] == [None]


def test_parameters_that_lead_out_of_the_checkout_are_not_read(gather, ended, ran, new_pod, tmp_path):
    order, _ = ran
    pod = new_pod("links", order.commit)
    secret = tmp_path / "secret"
    secret.write_text("password: no-secret-this\n")
    params = pod.checkout / "notebooks" / "flowers" / "params.yaml"
    params.unlink()
    params.symlink_to(secret)
    ended("Failed")
    record(order, pod)
    assert _load(pod.parcel / "record" / "record.json").params == {}


def test_the_author_is_told_in_the_repository(gather, ended, ran, remote):
    order, _ = ran
    ended()
    telling = dataclasses.replace(order, tell=True)
    told, _, _ = gather(order=telling)
    assert git(remote, "notes", f"--ref={note.REF}", "show", order.commit) == told.strip()


def test_a_repository_that_refuses_keeps_nothing_from_being_recorded(gather, ended, ran, capsys):
    order, _ = ran
    ended()
    telling = dataclasses.replace(order, tell=True, repository="/nowhere.git")
    _, entry, _ = gather(order=telling)
    assert entry.status == "passed"
    assert "the author is not told in the repository: git ls-remote" in capsys.readouterr().err


def test_the_controllers_list_is_read_quoted_or_not():
    environment = {"STILLHOUSE_STATUS": "Error", "STILLHOUSE_DURATION": "1", "STILLHOUSE_CREATIONTIMESTAMP": "?"}
    nodes = json.dumps([{"displayName": "train", "phase": "Error"}, {"displayName": "train(1)", "message": "gone"}])
    for text in (nodes, json.dumps(nodes), "null", '"null"', '"\\U000e0001"'):
        ended = Ended.read({**environment, "STILLHOUSE_FAILURES": text})
        assert not ended.passed
        assert ended.failures in ({"train": "gone"}, {})
    assert ended.started > "2026"

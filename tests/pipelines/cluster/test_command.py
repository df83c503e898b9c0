"""The command line's part of runs on a cluster."""

from __future__ import annotations

import json
from dataclasses import asdict

import pytest
from click.testing import CliRunner
from repositories import git

from pipelines.cli import main
from pipelines.cluster import kube, releases, submit, watch
from pipelines.cluster.releases import Release
from pipelines.record import StepRecord

ORIGIN = {"released": "2026-11-22T15:00:00+00:00", "run": "flowers-1", "commit": "c" * 40, "model": "a" * 64}


def call(*words):
    return CliRunner().invoke(main, words)


@pytest.fixture
def installed(monkeypatch, settings):
    """A cluster with pipelines, which takes what it is given."""
    asked = []
    monkeypatch.setattr(kube, "settings", lambda namespace: asked.append(namespace) or settings)
    monkeypatch.setattr(kube, "find", lambda name, namespace: None)
    monkeypatch.setattr(kube, "create", lambda run: True)
    return asked


def test_submit_names_the_run(installed, flowers):
    told = call("submit", "flowers")
    assert (told.exit_code, told.output) == (
        0,
        f"run flowers-{git(flowers.root, 'rev-parse', 'HEAD')[:12]}: submitted\n",
    )
    assert installed == ["stillhouse"]


def test_submit_says_when_there_is_one_already(installed, monkeypatch):
    monkeypatch.setattr(kube, "find", lambda name, namespace: {})
    assert call("submit").output.endswith(": there is one of this commit already\n")


@pytest.mark.parametrize(("passed", "code"), [(True, 0), (False, 1)])
def test_submit_waits_and_ends_as_the_run_did(installed, monkeypatch, passed, code):
    def follow(name, namespace, tell):
        tell(StepRecord("train", "ran", 3.0))
        return passed, "the verdict\n"

    monkeypatch.setattr(submit, "follow", follow)
    told = call("submit", "--wait", "--namespace", "here")
    assert told.exit_code == code
    assert "✓ train" in told.output
    assert told.output.endswith("\n\nthe verdict\n")
    assert installed == ["here"]


def test_watch_reads_what_the_chart_mounts(monkeypatch, settings, tmp_path):
    seen = []
    monkeypatch.setattr(watch.Watch, "forever", lambda self: seen.append((self.settings, self.mirror)))
    (tmp_path / "settings.json").write_text(json.dumps(asdict(settings)))
    told = call("watch", "--settings", str(tmp_path / "settings.json"), "--scratch", str(tmp_path))
    assert told.exit_code == 0
    assert seen == [(settings, tmp_path / "repository.git")]


def test_releases_on_the_cluster_are_listed(installed, monkeypatch):
    found = [Release(1, 1, False, "x", ORIGIN), Release(2, 2, True, "y", ORIGIN)]
    monkeypatch.setattr(releases, "load_all", lambda analysis, namespace: found if namespace == "models" else [])
    assert call("releases", "--cluster").output.splitlines() == [
        "   1  model aaaaaaaaaaaa  2026-11-22T15:00:00+00:00  run flowers-1  commit cccccccc",
        "   2  model aaaaaaaaaaaa  2026-11-22T15:00:00+00:00  run flowers-1  commit cccccccc  current",
    ]


def test_a_cluster_without_releases_says_so(installed, monkeypatch):
    monkeypatch.setattr(releases, "load_all", lambda *_: [])
    assert call("releases", "--cluster").output.startswith("nothing is released on the cluster")


def test_rollback_on_the_cluster(installed, monkeypatch):
    done = []
    monkeypatch.setattr(releases, "roll_back", lambda *what: done.append(what) or Release(1, 1, False, "x", ORIGIN))
    assert call("rollback", "1", "--cluster").output == "release 1 serves: model aaaaaaaaaaaa\n"
    assert done == [("flowers", "models", 1)]


def test_without_cluster_it_is_this_machine(flowers):
    assert call("releases").output == "nothing is released. Release something: make up\n"

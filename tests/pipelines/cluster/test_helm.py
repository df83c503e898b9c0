"""How helm is called, and what becomes of what it says."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from pipelines.cluster import helm
from pipelines.cluster.errors import ClusterError


@pytest.fixture
def program(tmp_path, monkeypatch):
    """A helm that does what a test says and keeps how it was called."""
    path = tmp_path / "bin" / "helm"
    path.parent.mkdir()

    def becomes(script):
        path.write_text(f'#!/bin/sh\necho "$@" >> {tmp_path}/called\n{script}\n')
        path.chmod(0o755)
        monkeypatch.setattr(sys, "executable", str(path.parent / "python3"))
        return tmp_path / "called"

    return becomes


def test_the_history_is_helms(program):
    program("""echo '[{"revision": 1, "status": "deployed"}]'""")
    assert helm.history("w", "models") == [{"revision": 1, "status": "deployed"}]


def test_what_was_never_installed_has_no_history(program):
    program("echo 'Error: release: not found' >&2; exit 1")
    assert helm.history("w", "models") == []


def test_anything_else_that_helm_refuses_is_told(program):
    program("echo 'Error: Kubernetes cluster unreachable' >&2; exit 1")
    with pytest.raises(ClusterError, match="helm history: Error: Kubernetes cluster unreachable"):
        helm.history("w", "models")


def test_values_are_of_one_revision(program):
    called = program("""echo '{"image": "x"}'""")
    assert helm.values("w", "models", 3) == {"image": "x"}
    assert "--revision 3" in called.read_text()


def test_an_upgrade_waits_and_goes_back_where_it_does_not_serve(program, tmp_path):
    called = program(f'while [ "$1" != --values ]; do shift; done; cp "$2" {tmp_path}/given')
    helm.upgrade("w", Path("chart"), "models", {"image": "x"}, "release 1")
    said = called.read_text()
    assert said.startswith("upgrade w chart --install --atomic --wait --timeout 180s --namespace models ")
    assert "--description release 1" in said
    assert json.loads((tmp_path / "given").read_text()) == {"image": "x"}


def test_a_rollback_waits(program):
    called = program("true")
    helm.rollback("w", "models", 2)
    assert called.read_text().startswith("rollback w 2 --namespace models --wait ")


def test_without_helm_the_message_says_how_to_get_it(monkeypatch, tmp_path):
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python3"))
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ClusterError, match="Set up the environment: uv sync"):
        helm.history("w", "models")

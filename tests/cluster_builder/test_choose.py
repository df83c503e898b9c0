"""The given cluster first, then kind's, then our own."""

import pytest

from tests.cluster import built, choose, given, kind, requirements
from tests.cluster.commands import Steps
from tests.cluster.errors import ClusterError

SILENT = Steps(lambda _: None)


@pytest.fixture(autouse=True)
def nothing_happens(monkeypatch, layout):
    """Each kind of cluster only says that it would be used; none is given, and there is no Docker."""
    monkeypatch.delenv("KUBECONFIG", raising=False)
    monkeypatch.setattr(kind, "usable", lambda: False)
    monkeypatch.setattr(given, "use", lambda found: "given")
    monkeypatch.setattr(kind, "up", lambda *_: "kind")
    monkeypatch.setattr(built, "up", lambda *_: "built")
    monkeypatch.setattr(requirements, "check", lambda *_, **__: None)


def test_our_own_where_there_is_nothing_else(layout):
    assert choose.up(layout, layout.cache, SILENT) == "built"


def test_kind_s_where_docker_runs(layout, monkeypatch):
    monkeypatch.setattr(kind, "usable", lambda: True)
    assert choose.up(layout, layout.cache, SILENT) == "kind"


def test_the_given_one_before_all_others(layout, monkeypatch):
    monkeypatch.setattr(kind, "usable", lambda: True)
    monkeypatch.setenv("KUBECONFIG", "/given")
    monkeypatch.setattr(given, "reachable", lambda _: True)
    assert choose.up(layout, layout.cache, SILENT) == "given"
    assert choose.check(layout, SILENT) == "the cluster of /given"


def test_a_given_one_that_does_not_answer_is_said_and_passed_over(layout, monkeypatch):
    said = []
    monkeypatch.setenv("KUBECONFIG", "/given")
    monkeypatch.setattr(given, "reachable", lambda _: False)
    assert choose.up(layout, layout.cache, Steps(said.append)) == "built"
    assert said == ["  the cluster of /given ($KUBECONFIG) does not answer: going on without it"]


WHAT_GOES = [("given", []), ("kind", ["kind"]), ("built", ["built"]), (None, ["built"])]


@pytest.mark.parametrize(("told", "removed"), WHAT_GOES)
def test_only_what_we_made_is_removed(layout, monkeypatch, told, removed):
    gone = []
    monkeypatch.setattr(kind, "down", lambda *_: gone.append("kind"))
    monkeypatch.setattr(built, "down", lambda *_: gone.append("built"))
    choose.down(layout, layout.cache, told, SILENT)
    assert gone == removed


def test_where_none_can_be_had_the_reasons_are_told(layout, monkeypatch):
    def lacking(*_, **__):
        raise ClusterError("no root")

    monkeypatch.setattr(requirements, "check", lacking)
    with pytest.raises(ClusterError, match="no root"):
        choose.check(layout, SILENT)

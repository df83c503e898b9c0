"""`python -m pipelines.cluster`: each call does its part, and a refusal ends with 1."""

from __future__ import annotations

import importlib

import pytest

from pipelines.cluster import execute, record, release
from pipelines.cluster.errors import ClusterError
from pipelines.cluster.places import Pod, RecordOrder, ReleaseOrder, StepOrder, write

main = importlib.import_module("pipelines.cluster.__main__").main
STEP = StepOrder("train", "notebooks/w", "notebooks/w", "true", (), None, {})
RELEASE = ReleaseOrder("w", "w-1", "c", "train", (), "m", "base", "registry/x", True, "models", ())
RECORD = RecordOrder("notebooks/w", "w-1", "c", (STEP,), True, "http://git/x.git", False)


@pytest.mark.parametrize("ok", [True, False])
def test_a_step_ends_as_it_went(monkeypatch, ok):
    called = []
    monkeypatch.setattr(execute, "execute", lambda *call: called.append(call) or ok)
    assert main("execute", write(STEP), "before=abc", "other=d=e") == (0 if ok else 1)
    assert called == [(STEP, {"before": "abc", "other": "d=e"}, Pod())]


def test_a_release_ends_well(monkeypatch, capsys):
    monkeypatch.setattr(release, "release", lambda *call: {"call": call == (RELEASE, {"train": "abc"}, Pod())})
    assert main("release", write(RELEASE), "train=abc") == 0
    assert capsys.readouterr().out == "{'call': True}\n"


def test_a_record_ends_well(monkeypatch, capsys):
    monkeypatch.setattr(record, "record", lambda *call: "told" if call == (RECORD, Pod()) else "")
    assert main("record", write(RECORD)) == 0
    assert capsys.readouterr().out == "told\n"


def test_a_refusal_is_one_message(monkeypatch, capsys):
    def refuse(*_):
        raise ClusterError("somebody changed it")

    monkeypatch.setattr(release, "release", refuse)
    assert main("release", write(RELEASE), "train=abc") == 1
    assert capsys.readouterr().err == "✗ somebody changed it\n"

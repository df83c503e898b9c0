"""Listing, showing, comparing and plotting records."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipelines import record, runs
from pipelines.analysis import Analysis
from pipelines.errors import StillhouseError
from pipelines.record import Record, StepRecord


def add(analysis: Analysis, **facts: object) -> Record:
    entry = record.begin(analysis, {})
    for name, value in facts.items():
        setattr(entry, name, value)
    record.save(analysis, entry)
    return entry


@pytest.fixture(autouse=True)
def wide_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "200")


def test_the_table_has_a_line_a_run(flowers: Analysis, capsys: pytest.CaptureFixture[str]) -> None:
    one = add(flowers, status="passed", metrics={"size": 7.0}, overrides={"factor": 3}, seconds=1.25)
    two = add(flowers, status="failed")
    runs.show_list(flowers)
    lines = capsys.readouterr().out.splitlines()
    found = {name: line for line in lines for name in (one.id, two.id) if line.startswith(name)}
    assert "passed" in found[one.id]
    assert "7" in found[one.id].split()
    assert "factor=3" in found[one.id]
    assert "failed" in found[two.id]


def test_no_runs_yet_says_how_to_make_one(flowers: Analysis) -> None:
    with pytest.raises(StillhouseError, match="stillhouse run"):
        runs.show_list(flowers)


def test_one_run_is_shown_with_why_it_failed(flowers: Analysis, capsys: pytest.CaptureFixture[str]) -> None:
    entry = add(flowers, status="failed", steps=[StepRecord("train", "failed", 1.0, "row [3] is bad")])
    runs.show_one(flowers, entry.id)
    said = capsys.readouterr().out
    assert "row [3] is bad" in said
    assert entry.id in said


def test_two_runs_are_compared_in_all_that_differs(flowers: Analysis, capsys: pytest.CaptureFixture[str]) -> None:
    one = add(
        flowers, params={"k": 5, "m": "a"}, metrics={"size": 1.0}, data={"a.csv": "1" * 64}, code={"x.py": "2" * 64}
    )
    two = add(
        flowers, params={"k": 3, "m": "a"}, metrics={"size": 2.0}, data={"b.csv": "1" * 64}, code={"x.py": "3" * 64}
    )
    assert runs.compare(one, two) == {
        "parameters": {"k": ("5", "3")},
        "metrics": {"size": ("1", "2")},
        "data": {"a.csv": ("1" * 12, "—"), "b.csv": ("—", "1" * 12)},
        "code": {"x.py": ("2" * 12, "3" * 12)},
    }
    runs.show_diff(flowers, one.id, two.id)
    assert "k: 5 → 3" in capsys.readouterr().out
    runs.show_diff(flowers, one.id, one.id)
    assert "no difference" in capsys.readouterr().out


def test_a_metric_is_plotted_over_the_runs_that_have_it(flowers: Analysis, tmp_path: Path) -> None:
    add(flowers, metrics={"size": 1.0}, status="passed")
    add(flowers, metrics={"size": 2.0}, status="failed")
    add(flowers, status="failed")
    out = runs.plot(flowers, "size", tmp_path / "new" / "size.svg")
    assert "size over 2 runs of flowers" in out.read_text() or "<svg" in out.read_text()
    with pytest.raises(StillhouseError, match=r"a \.png or a \.svg"):
        runs.plot(flowers, "size", tmp_path / "size.xyz")
    with pytest.raises(StillhouseError, match="There are: size"):
        runs.plot(flowers, "weight", None)


def test_a_run_is_one_line_on_a_narrow_terminal(
    flowers: Analysis, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    metrics = {"precision": 0.5, "size": 7.0, "weight": 1.0, "width": 2.0}
    added = [add(flowers, status="passed", metrics={**metrics, "size": float(n)}).id for n in range(3)]
    runs.show_list(flowers)
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines[1:4]] == added
    assert [line.split()[-1] for line in lines[:4]] == ["size", "0", "1", "2"]


def test_the_metrics_that_tell_runs_apart_are_shown(flowers: Analysis) -> None:
    one = add(flowers, metrics={"a": 1.0, "b": 1.0})
    two = add(flowers, metrics={"a": 1.0, "b": 2.0})
    assert runs.telling_metrics([one, two]) == ["b"]
    assert runs.telling_metrics([one, one]) == ["a", "b"]

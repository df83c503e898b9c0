"""Executed notebooks kept by what they came from."""

from __future__ import annotations

from pipelines import executed, graph
from pipelines.analysis import Analysis
from pipelines.graph import Step


def step(analysis: Analysis, name: str) -> Step:
    return next(one for one in graph.read_steps(analysis) if one.name == name)


def test_a_cached_step_shows_the_notebook_of_the_run_that_executed_it(ran: Analysis) -> None:
    kept = executed.keep(ran, ran, step(ran, "train"), "cached")
    assert kept
    (ran.executed / "02-train.ipynb").write_text("another execution")
    assert executed.keep(ran, ran, step(ran, "train"), "cached") == kept
    assert kept.read_text() != "another execution"


def test_a_result_restored_from_elsewhere_has_no_notebook_here(ran: Analysis) -> None:
    for kept in (ran.state / "executed").rglob("*.ipynb"):
        kept.unlink()
    assert executed.keep(ran, ran, step(ran, "train"), "restored") is None


def test_a_failed_execution_is_shown_but_never_kept_for_others(ran: Analysis) -> None:
    for kept in (ran.state / "executed").rglob("*.ipynb"):
        kept.unlink()
    failed = executed.keep(ran, ran, step(ran, "train"), "failed")
    assert failed
    assert failed.read_text() == (ran.executed / "02-train.ipynb").read_text()
    assert executed.keep(ran, ran, step(ran, "train"), "restored") is None


def test_a_gate_has_no_notebook(ran: Analysis) -> None:
    assert executed.keep(ran, ran, step(ran, "gate-input"), "cached") is None

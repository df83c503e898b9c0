"""Pages of runs."""

from __future__ import annotations

from pathlib import Path

import pytest
from flowers import notebook

from pipelines import record, report
from pipelines.analysis import Analysis
from pipelines.record import StepRecord


def test_a_rendered_notebook_needs_nothing_from_elsewhere(tmp_path: Path) -> None:
    (tmp_path / "a.ipynb").write_text(notebook(["print(1)"]))
    page = report.render(tmp_path / "a.ipynb", "train")
    assert "print" in page
    assert "<title>train</title>" in page
    assert 'src="http' not in page
    assert 'href="http' not in page.replace('href="https://jupyter', "")


def test_a_page_is_rendered_once_for_one_execution(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.ipynb").write_text(notebook(["print(1)"]))
    (tmp_path / "run").mkdir()
    assert report.add_notebook(tmp_path / "a.ipynb", tmp_path / "run", "train") == ("train.ipynb", "train.html")
    monkeypatch.setattr(report, "render", lambda *_given: pytest.fail("rendered again"))
    report.add_notebook(tmp_path / "a.ipynb", tmp_path / "run", "train")


def test_what_a_failed_step_said_is_shown_and_can_not_be_markup(flowers: Analysis) -> None:
    entry = record.begin(flowers, {})
    entry.status = "failed"
    entry.steps = [StepRecord("train", "failed", 1.0, "<script>alert(1)</script>")]
    entry.gates = {"quality": {"passed": False, "status": "blocked", "message": "needs train"}}
    page = report.write_run_page(flowers, entry).read_text()
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "<script>" not in page
    assert "blocked" in page


def test_the_index_lists_the_latest_run_first(flowers: Analysis) -> None:
    ids = [record.begin(flowers, {}).id for _ in range(2)]
    page = report.write_index(flowers).read_text()
    assert page.index(ids[1]) < page.index(ids[0])


@pytest.mark.parametrize(("value", "text"), [(0.50697674, "0.507"), (5, "5"), ("none", "none"), (86.0, "86")])
def test_values_are_short(value: object, text: str) -> None:
    assert report.short(value) == text

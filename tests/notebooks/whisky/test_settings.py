"""Mistakes in the files that people write by hand: each is stopped at the gate, and told."""

from __future__ import annotations

import json

import pytest
from refresh_outputs import NOTEBOOKS

from whisky import cases, settings

ANALYSIS = NOTEBOOKS / "whisky"


def test_the_committed_files_are_right():
    assert settings.findings(ANALYSIS) == []
    assert cases.findings(ANALYSIS / cases.FILE) == []


def test_every_setting_is_used_in_the_steps():
    steps = (ANALYSIS / "dvc.yaml").read_text(encoding="utf-8")
    assert [name for name in settings.SETTINGS if name not in steps] == []


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("drift_points", ".nan", "drift_points, value .nan: a number from 0 to 48 is expected"),
        (
            "accuracy_floor",
            '"0.45"',
            "accuracy_floor, value '0.45': a number from 0 to 1 is expected, but this is text",
        ),
        ("k", "500", "k, value 500: a whole number from 1 to 149 is expected"),
        ("rows_least", "", "rows_least, value '': a whole number from 6 to 10000 is expected"),
    ],
)
def test_a_bad_setting_stops_at_the_gate(delivery, name, value, said):
    line = delivery.set_setting(name, value)
    verdict = delivery.judge("settings")
    assert "test_settings.py::test_every_setting_is_there_and_makes_sense" in verdict.failed
    assert f"params.yaml, line {line}, {said}" in verdict.message
    assert "Traceback" not in verdict.message
    assert "Error" not in verdict.message


def test_swapped_scores_do_not_slip_past_a_limit_that_is_no_number(delivery):
    delivery.set_setting("drift_points", ".nan")
    rows = delivery.rows()
    one, other = delivery.line("Laphroig") - 1, delivery.line("Auchentoshan") - 1
    rows[one][2:14], rows[other][2:14] = rows[other][2:14], rows[one][2:14]
    delivery.write(rows)
    verdict = delivery.judge("contract")
    assert "test_drift.py::test_no_whisky_became_another" in verdict.failed
    assert "params.yaml: this can't be checked yet (a number from 0 to 48 is expected" in verdict.message


def test_a_missing_setting_stops_at_the_gate(delivery):
    delivery.set_setting("drift_rows", None)
    verdict = delivery.judge("settings")
    assert "params.yaml, drift_rows: the setting is missing. Add `drift_rows:` with a number" in verdict.message
    assert "KeyError" not in verdict.message


@pytest.mark.parametrize("value", ["NaN", None])
def test_figures_that_are_no_numbers_do_not_pass(delivery, value):
    path = delivery.folder / "build" / "metrics.json"
    figures = json.loads(path.read_text())
    for name in list(figures):
        figures[name] = float(value or "nan")
    path.write_text(json.dumps(figures if value else {}))
    verdict = delivery.judge("quality", steps=False)
    assert verdict.stopped_by == "quality"
    said = "precision_at_5, value nan: it is no finite" if value else "precision_at_5: the figure is missing"
    assert f"build/metrics.json, {said}" in verdict.message
    assert "Traceback" not in verdict.message


def test_a_case_with_a_wrong_key_stops_at_acceptance(delivery):
    path = delivery.folder / "acceptance.yaml"
    lines = path.read_text().replace("expect: Glengoyne", "expects: Glengoyne").splitlines()
    line = next(number for number, text in enumerate(lines, start=1) if "expects:" in text)
    path.write_text("\n".join(lines) + "\n")
    verdict = delivery.judge("acceptance", serve=delivery.folder / "model")
    assert "test_cases.py::test_every_case_is_whole" in verdict.failed
    assert f"acceptance.yaml, line {line}, case 'a light Lowlander', key 'expect': it is missing" in verdict.message
    assert "Traceback" not in verdict.message

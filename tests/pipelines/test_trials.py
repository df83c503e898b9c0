"""NAME=VALUE on the command line, and sweeps."""

from __future__ import annotations

import pytest

from pipelines import record
from pipelines.analysis import Analysis
from pipelines.errors import StillhouseError
from pipelines.trials import combinations, parse_grid, parse_settings, run_sweep


def test_settings_are_parsed() -> None:
    assert parse_settings(["k=3", "metric=cosine"]) == {"k": 3, "metric": "cosine"}


@pytest.mark.parametrize("word", ["k", "k=", "=3"])
def test_a_word_that_is_no_setting_is_refused(word: str) -> None:
    with pytest.raises(StillhouseError, match="NAME=VALUE"):
        parse_settings([word])


def test_a_grid_is_every_combination() -> None:
    grid = parse_grid(["metric=cosine,euclidean", "k=3,5"])
    assert combinations(grid) == [
        {"metric": "cosine", "k": 3},
        {"metric": "cosine", "k": 5},
        {"metric": "euclidean", "k": 3},
        {"metric": "euclidean", "k": 5},
    ]


def test_a_sweep_without_a_grid_shows_an_example() -> None:
    with pytest.raises(StillhouseError, match="--sweep metric=cosine,euclidean k=3,5,10"):
        parse_grid([])


def test_a_sweep_is_checked_whole_before_its_first_trial(ran: Analysis) -> None:
    before = len(record.load_all(ran))
    for grid, fixed, told in (({"factor": [3, "x"]}, {}, "factor=x"), ({"factor": [3]}, {"factor": 4}, "Take one")):
        with pytest.raises(StillhouseError, match=told):
            run_sweep(ran, fixed, grid)
    assert len(record.load_all(ran)) == before


def test_a_sweep_records_each_trial_and_says_when_one_failed(
    ran: Analysis, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    assert run_sweep(ran, {}, {"factor": [3, 50]}) is False
    trials = [one for one in record.load_all(ran) if one.sweep]
    assert [(one.overrides, one.status) for one in trials] == [({"factor": 3}, "passed"), ({"factor": 50}, "failed")]
    assert trials[0].sweep == trials[1].sweep
    said = capsys.readouterr().out
    assert "2/2  factor=50" in said
    assert all(one.id in said for one in trials)

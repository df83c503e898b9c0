"""whisky/drift.py."""

import copy
import json
import re

import pytest

from whisky import drift, mock, summary, table, training


@pytest.fixture(scope="module")
def clean():
    return table.clean(*mock.delivery(whiskies=50, seed=4))[0]


@pytest.fixture(scope="module")
def released(clean):
    model = training.train(clean, "euclidean", "none")
    return summary.summary(clean, model, summary.metrics(clean, model))


CHECKS = [
    drift.row_findings,
    drift.share_findings,
    drift.point_findings,
    drift.column_findings,
    drift.class_findings,
    drift.place_findings,
]


@pytest.mark.parametrize("check", CHECKS)
def test_the_released_table_has_not_drifted_from_itself(check, clean, released):
    assert check(clean, released, 0) == []


def test_every_finding_says_that_there_is_no_override(clean, released):
    moved = clean.assign(Honey=4, wishart_class="A", easting=clean["easting"] + 50_000, whisky=clean["whisky"])
    found = [finding for check in CHECKS[1:] for finding in check(moved, released, 0)]
    assert len(found) > 50
    assert all("in a reviewed commit (there is no override)" in finding.mend for finding in found)


@pytest.mark.parametrize("check", CHECKS)
def test_a_limit_that_is_no_number_lets_nothing_pass(check, clean, released):
    assert check(clean, released, float("nan"))


def test_rows_that_crept_up_may_become_the_measure(clean, released):
    (finding,) = drift.row_findings(clean.iloc[10:], released, 0.1)
    assert "raise drift_rows in params.yaml in a reviewed commit (there is no override). If they came" in finding.mend
    assert "`stillhouse baseline`, and commit released.json" in finding.mend


def keep(folder, content):
    (folder / "released.json").write_text(json.dumps(content))
    return folder


def test_a_whole_summary_is_read(released, tmp_path):
    assert drift.read_released(keep(tmp_path, released)) == released


def without(name):
    return lambda content: content.pop(name)


def set_first(key, value):
    return lambda content: next(iter(content["whiskies"].values())).update({key: value})


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (without("whiskies"), "KeyError('whiskies')"),
        (without("metrics"), "KeyError('metrics')"),
        (without("features"), "KeyError('features')"),
        (lambda content: content.update(features=content["features"][::-1]), "its features are"),
        (lambda content: content.update(whiskies={}), "it has no whiskies"),
        (lambda content: content.update(whiskies=[]), "it has no whiskies"),
        (lambda content: content["metrics"].update(precision_at_5="0.5"), "its precision_at_5 is no number"),
        (lambda content: content["metrics"].update(precision_at_5=float("nan")), "there is NaN in it"),
        (set_first("place", [float("nan"), 1]), "there is NaN in it"),
        (set_first("place", [float("inf"), 1]), "there is Infinity in it"),
        (set_first("place", [1]), "is not whole"),
        (set_first("scores", [1] * 11), "is not whole"),
        (set_first("scores", ["1"] * 12), "is not whole"),
        (set_first("scores", None), "TypeError"),
        (set_first("class", None), "is not whole"),
    ],
)
def test_a_summary_that_is_not_whole_stops_the_gate(released, tmp_path, spoil, said):
    content = copy.deepcopy(released)
    spoil(content)
    with pytest.raises(
        pytest.fail.Exception, match=f"released.json: it is no summary of a release .*{re.escape(said)}"
    ):
        drift.read_released(keep(tmp_path, content))


@pytest.mark.parametrize(("gone", "stopped"), [(5, False), (6, True)])
def test_as_many_may_go_as_the_limit_says(clean, released, gone, stopped):
    assert bool(drift.row_findings(clean.iloc[gone:], released, 0.1)) == stopped


@pytest.mark.parametrize(("new", "stopped"), [(5, False), (6, True)])
def test_as_many_may_come_as_the_limit_says(clean, released, new, stopped):
    before = copy.deepcopy(released)
    fewer = dict(list(before["whiskies"].items())[new:])
    findings = drift.row_findings(clean, {**before, "whiskies": fewer}, 5.5 / (50 - new))
    assert bool(findings) == stopped


def test_a_whisky_that_is_new_or_gone_is_no_change_of_scores(clean, released):
    renamed = clean.assign(whisky=["Brand New", *clean["whisky"].iloc[1:]])
    assert drift.share_findings(renamed, released, 0) == drift.point_findings(renamed, released, 0) == []
    assert drift.place_findings(renamed, released, 0) == drift.class_findings(renamed, released, 0) == []


def test_points_are_added_up_over_a_whisky(clean, released):
    moved = clean.copy()
    moved.loc[3, "Honey"] = (moved.loc[3, "Honey"] + 2) % 5
    change = abs(int(moved.loc[3, "Honey"]) - int(clean.loc[3, "Honey"]))
    assert drift.point_findings(moved, released, change) == []
    (finding,) = drift.point_findings(moved, released, change - 1)
    assert f"whisky {clean.loc[3, 'whisky']}, Honey {clean.loc[3, 'Honey']} to {moved.loc[3, 'Honey']}" in finding.where


def test_a_label_taken_away_is_no_change_of_class(clean, released):
    assert drift.class_findings(clean.assign(wishart_class=""), released, 0) == []

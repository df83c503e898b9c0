"""Every check of every gate can fail: here each one does, at the gate, as the pipeline runs it."""

from __future__ import annotations

import json

import numpy as np
import pytest

from pipelines import artifact

# What makes each check of the contract fail. test_stopped.py has the messages.
CONTRACT = {
    "test_whiskies.py::test_the_file_is_whole_and_has_its_columns": lambda d: d.whiskies.write_bytes(b""),
    "test_whiskies.py::test_every_cell_holds_what_its_column_should": lambda d: d.set_cell("Oban", "Honey", "7"),
    "test_whiskies.py::test_names_are_names": lambda d: d.set_cell("Oban", "Distillery", "<b>"),
    "test_whiskies.py::test_no_whisky_is_there_twice": lambda d: d.set_cell("Oban", "Distillery", "Tamdu"),
    "test_whiskies.py::test_there_are_enough_whiskies_and_not_too_many": lambda d: d.write(d.rows()[:6]),
    "test_whiskies.py::test_the_scores_say_something": lambda d: _fill(d, 1, 87, "1"),
    "test_whiskies.py::test_whiskies_are_no_copies_of_each_other": lambda d: _fill(d, 40, 44, "1"),
    "test_whiskies.py::test_the_clean_table_is_clean": lambda d: _break_cleaning(d),
    "test_labels.py::test_the_file_is_whole_and_has_its_columns": lambda d: d.classes.unlink(),
    "test_labels.py::test_every_label_is_a_class": lambda d: _relabel(d, "Oban,H", "Oban,Z"),
    "test_labels.py::test_labels_belong_to_whiskies_and_are_given_once": lambda d: _relabel(d, "Oban,", "Scapa,"),
    "test_drift.py::test_few_whiskies_came_or_went": lambda d: d.write(d.rows()[:70]),
    "test_drift.py::test_few_whiskies_have_other_scores": lambda d: _fill(d, 20, 40, "2"),
    "test_drift.py::test_no_whisky_became_another": lambda d: _fill(d, 5, 6, "0"),
    "test_drift.py::test_no_column_moved": lambda d: _fill(d, 1, 60, "3"),
    "test_drift.py::test_few_whiskies_changed_class": lambda d: _relabel(d, ",B\n", ",C\n"),
    "test_drift.py::test_no_distillery_moved_away": lambda d: d.set_cell("Oban", "Latitude", "385940"),
}


def _fill(delivery, first: int, last: int, value: str) -> None:
    rows = delivery.rows()
    for row in rows[first:last]:
        row[2:14] = [value] * 12
    delivery.write(rows)


def _relabel(delivery, old: str, new: str) -> None:
    delivery.classes.write_text(delivery.classes.read_text().replace(old, new))


def _break_cleaning(delivery) -> None:
    module = delivery.folder / "whisky" / "table.py"
    text = module.read_text()
    assert "table[FEATURES].astype(np.int8)" in text
    module.write_text(text.replace("table[FEATURES].astype(np.int8)", "table[FEATURES].astype(np.int8) + 3"))


@pytest.mark.parametrize("check", CONTRACT)
def test_this_check_of_the_contract_can_fail(delivery, check):
    CONTRACT[check](delivery)
    assert check in delivery.judge("contract").failed


def test_these_are_all_checks_of_the_contract(delivery):
    assert set(delivery.judge("contract").passed["contract"]) == set(CONTRACT)


def _set_figure(name: str, value: float):
    def change(delivery) -> None:
        path = delivery.folder / "build" / "metrics.json"
        path.write_text(json.dumps({**json.loads(path.read_text()), name: value}))

    return change


def _change_model(**arrays):
    """Save the model anew with other vectors or profiles, made from the old ones."""

    def change(delivery) -> None:
        model = artifact.load(delivery.folder / "model")
        new = {name: make(model.arrays[name], model.signature["items"]) for name, make in arrays.items()}
        changed = artifact.Model(model.name, model.kind, model.signature, model.params, {**model.arrays, **new})
        artifact.save(changed, delivery.folder / "model")

    return change


def _swap(one: str, other: str):
    def swapped(array, items):
        array = array.copy()
        rows = [items.index(one), items.index(other)]
        array[rows] = array[rows[::-1]]
        return array

    return swapped


def _one_direction(vectors, _):
    """A star: everything far apart, but all near the first."""
    star = np.eye(len(vectors)) * 10
    star[0] = 1
    return star


QUALITY = {
    "test_settings.py::test_every_setting_is_there_and_makes_sense": lambda d: d.set_setting("metric", "cosign"),
    "test_accuracy.py::test_every_figure_is_there_and_a_number": _set_figure("precision", float("nan")),
    "test_accuracy.py::test_recommendations_are_right_often_enough": _set_figure("precision_at_5", 0.44),
    "test_accuracy.py::test_accuracy_did_not_fall_since_the_release": _set_figure("precision_at_5", 0.44),
    "test_accuracy.py::test_no_class_falls_apart": _set_figure("precision_at_5_of_weakest_class", 0.1),
    "test_accuracy.py::test_enough_whiskies_can_be_scored": _set_figure("scored_share", 0.5),
    "test_accuracy.py::test_the_figures_are_those_of_this_model": _set_figure("precision_at_5", 0.99),
    "test_behaviour.py::test_the_model_knows_the_whiskies_of_the_table": _change_model(profiles=_swap("Oban", "Scapa")),
    "test_behaviour.py::test_every_number_of_the_model_is_one": lambda d: _change_stored(d),
    "test_behaviour.py::test_recommendations_are_returned_often_enough": _set_figure("symmetry_at_5", 0.2),
    "test_behaviour.py::test_no_whisky_is_in_too_many_lists": _change_model(vectors=_one_direction),
    "test_behaviour.py::test_islay_stays_islay": _change_model(vectors=_swap("Laphroaig", "Tormore")),
    "test_behaviour.py::test_strangers_stay_strangers": _change_model(vectors=_swap("Auchentoshan", "Lagavulin")),
    "test_behaviour.py::test_no_whisky_is_recommended_to_who_asked_for_it": lambda d: _break_ranking(d),
}


def _change_stored(delivery) -> None:
    """A model with a hole in it, as a scaling that divides by zero would make."""
    _change_model(vectors=lambda vectors, _: np.where(np.arange(len(vectors))[:, None] == 3, np.nan, vectors))(delivery)


def _break_ranking(delivery) -> None:
    """The bug this very demo once had: nobody takes the queried whisky out."""
    module = delivery.folder / "whisky" / "neighbours.py"
    text = module.read_text()
    assert "np.fill_diagonal(own, np.inf)" in text
    module.write_text(text.replace("np.fill_diagonal(own, np.inf)", "np.fill_diagonal(own, -1)"))


@pytest.mark.parametrize("check", QUALITY)
def test_this_check_of_quality_can_fail(delivery, check):
    QUALITY[check](delivery)
    assert check in delivery.judge("quality", steps=False).failed


def test_these_are_all_checks_of_quality(delivery):
    assert set(delivery.judge("quality", steps=False).passed["quality"]) == set(QUALITY)


def test_an_inaccurate_model_is_stopped_whatever_the_data_say(delivery):
    params = delivery.folder / "params.yaml"
    params.write_text(
        params.read_text().replace("metric: euclidean", "metric: cosine").replace("scaling: none", "scaling: minmax")
    )
    verdict = delivery.judge("quality")
    assert "build/metrics.json, precision_at_5, value 0.4279: it is below its floor of 0.45" in verdict.message
    assert "it is 0.507 in released.json, and may fall by 0.06" in verdict.message


def test_wrong_cases_stop_at_acceptance_and_stale_ones_are_told_apart(delivery):
    cases = delivery.folder / "acceptance.yaml"
    cases.write_text(
        "recommends:\n"
        "  - { name: wrong, whisky: Laphroaig, expect: Auchentoshan, among: 3 }\n"
        "  - { name: stale, whisky: Port Ellen, expect: Ardbeg, among: 3 }\n"
        "suggests:\n"
        "  - { name: not unknown, whisky: Oban, suggest: Oban }\n"
    )
    verdict = delivery.judge("acceptance", serve=delivery.folder / "model")
    assert verdict.failed == {
        "test_cases.py::test_every_case_names_whiskies_that_are_there",
        "test_cases.py::test_customers_find_what_the_cases_promise",
        "test_cases.py::test_unknown_names_are_answered_with_suggestions",
    }
    assert (
        "acceptance.yaml, line 2, case 'wrong', whisky 'Laphroaig': Auchentoshan is not among the first 3"
        in verdict.message
    )
    assert (
        "acceptance.yaml, line 3, case 'stale', whisky, value 'Port Ellen': this whisky is no longer" in verdict.message
    )
    assert "acceptance.yaml, line 5, case 'not unknown', whisky 'Oban': expected 404" in verdict.message


def test_a_service_that_serves_something_else_stops_at_acceptance(delivery):
    model = artifact.load(delivery.folder / "model")
    other = artifact.Model(
        model.name, model.kind, model.signature, {**model.params, "metric": "cosine"},
        {**model.arrays, "profiles": model.arrays["profiles"][::-1].copy()},
    )  # fmt: skip
    artifact.save(other, delivery.folder / "other")
    verdict = delivery.judge("acceptance", serve=delivery.folder / "other")
    assert verdict.failed >= {
        "test_cases.py::test_the_service_gives_the_neighbours_of_the_model",
        "test_cases.py::test_all_flavours_are_shown",
        "test_cases.py::test_it_serves_the_model_of_this_run",
    }


@pytest.mark.parametrize(("gate", "module"), [("unit", "names.py"), ("mock", "scoring.py")])
def test_broken_code_is_stopped_before_any_data_are_looked_at(delivery, gate, module):
    source = delivery.folder / "whisky" / module
    broken = {
        "names.py": ("(?<=[a-z])(?=[A-Z])", "(?<=[0-9])(?=[A-Z])"),
        "scoring.py": ("== known[:, None]", "!= known[:, None]"),
    }
    old, new = broken[module]
    text = source.read_text()
    assert old in text
    source.write_text(text.replace(old, new))
    assert delivery.judge(gate).stopped_by == gate


def test_the_settings_gate_fails_for_a_misspelt_name(delivery):
    params = delivery.folder / "params.yaml"
    params.write_text(params.read_text(encoding="utf-8") + "accuracy_flor: 0.9\n", encoding="utf-8")
    verdict = delivery.judge()
    assert verdict.stopped_by == "settings"
    assert "accuracy_flor" in verdict.message

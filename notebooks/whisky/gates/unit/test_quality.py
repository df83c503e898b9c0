"""whisky/quality.py."""

import numpy as np
import pytest

from pipelines.artifact import Model
from whisky import mock, quality, summary, table, training

# Everybody's list in a little world.
LISTS = {"Ardbeg": ["Oban", "Scapa"], "Oban": ["Scapa", "Ardbeg"], "Scapa": ["Oban", "Ardbeg"]}


@pytest.fixture(scope="module")
def clean():
    return table.clean(*mock.delivery(whiskies=40, seed=3))[0]


@pytest.fixture(scope="module")
def model(clean):
    return training.train(clean, "euclidean", "none")


def smoky_model(**smoke):
    """A model in which only Smoky matters; all whiskies but Oban are from Islay."""
    profiles = np.zeros((len(smoke), 12))
    profiles[:, table.FEATURES.index("Smoky")] = list(smoke.values())
    regions = {name: "Highland" if name == "Oban" else "Islay" for name in smoke}
    return Model("w", "n", {"items": list(smoke), "descriptions": regions}, {}, {"profiles": profiles})


def test_a_figure_at_its_floor_is_let_pass_and_one_below_is_not():
    assert quality.floor_findings({"x": 0.45}, "x", 0.45, "x_floor") == []
    (finding,) = quality.floor_findings({"x": 0.449}, "x", 0.45, "x_floor")
    assert str(finding).startswith("build/metrics.json, x, value 0.449: it is below its floor of 0.45 (x_floor in")


def test_a_figure_that_is_no_number_clears_no_bar():
    nan = float("nan")
    assert len(quality.floor_findings({"x": nan}, "x", 0, "x_floor")) == 1
    assert len(quality.floor_findings({"x": 1}, "x", nan, "x_floor")) == 1
    assert len(quality.drop_findings({"precision_at_5": nan}, {"metrics": {"precision_at_5": 0.5}}, 0.06)) == 1
    assert len(quality.drop_findings({"precision_at_5": 1}, {"metrics": {"precision_at_5": nan}}, 0.06)) == 1
    assert len(quality.hub_findings(LISTS, nan)) == 3


@pytest.fixture
def folder(clean, model, tmp_path):
    summary.write_json(summary.metrics(clean, model), tmp_path / "build" / "metrics.json")
    return tmp_path


def test_whole_figures_are_read(folder, clean, model):
    assert quality.metrics_findings(folder) == []
    assert quality.read_metrics(folder) == summary.metrics(clean, model)


@pytest.mark.parametrize("name", quality.FIGURES)
def test_a_missing_figure_is_told(folder, name):
    path = folder / "build" / "metrics.json"
    path.write_text(path.read_text().replace(f'"{name}":', f'"{name}_":'))
    (finding,) = quality.metrics_findings(folder)
    assert str(finding).startswith(f"build/metrics.json, {name}: the figure is missing")


@pytest.mark.parametrize("value", ["NaN", "Infinity", "-Infinity", '"0.9"', "true", "null", "[1]"])
def test_a_figure_that_is_no_number_is_told(folder, value):
    path = folder / "build" / "metrics.json"
    text = path.read_text()
    assert '"k": 5' in text
    path.write_text(text.replace('"k": 5', f'"k": {value}'))
    (finding,) = quality.metrics_findings(folder)
    assert "metrics.json, k, value " in str(finding)
    assert "it is no finite number" in str(finding)


@pytest.mark.parametrize(
    ("text", "said"), [("", "it can't be read as JSON"), ("[1]", "it is no mapping"), (None, "the file is missing")]
)
def test_a_file_of_figures_that_is_none_is_told(folder, text, said):
    path = folder / "build" / "metrics.json"
    path.unlink()
    if text is not None:
        path.write_text(text)
    assert said in str(quality.metrics_findings(folder)[0])


def test_a_model_with_numbers_that_are_none_is_told(model):
    assert quality.number_findings(model) == []
    vectors = model.arrays["vectors"].copy()
    vectors[3, 4:6] = np.nan
    spoilt = Model("w", "n", model.signature, model.params, {**model.arrays, "vectors": vectors})
    (finding,) = quality.number_findings(spoilt)
    assert str(finding).startswith("model, vectors: 2 of its numbers are not finite")


def test_accuracy_may_fall_a_little_since_the_last_release():
    released = {"metrics": {"precision_at_5": 0.5}}
    assert quality.drop_findings({"precision_at_5": 0.45}, released, 0.06) == []
    assert len(quality.drop_findings({"precision_at_5": 0.43}, released, 0.06)) == 1


def test_figures_are_worked_out_again(clean, model):
    figures = summary.metrics(clean, model, 3)
    assert quality.figure_findings(clean, model, figures) == []
    (finding,) = quality.figure_findings(clean, model, {**figures, "precision": 0.99})
    assert "precision, value 0.99: worked out again from the model it is" in str(finding)


def test_the_model_and_the_table_have_the_same_whiskies_and_scores(clean, model):
    assert quality.item_findings(clean, model) == []
    assert len(quality.item_findings(clean.iloc[1:], model)) == 1
    fewer = training.train(clean.iloc[2:], "euclidean", "none")
    assert len(quality.item_findings(clean, fewer)) == 2
    changed = clean.assign(Honey=(clean["Honey"] + 1) % 5)
    assert len(quality.item_findings(changed, model)) == 40


def test_nobody_is_shown_what_they_asked_for_nor_anything_twice():
    assert quality.self_findings(LISTS) == []
    (own,) = quality.self_findings({"Oban": ["Scapa", "Oban"]})
    assert "recommended to who asks for it" in str(own)
    (twice,) = quality.self_findings({"Oban": ["Scapa", "Scapa"]})
    assert "names one twice: Scapa, Scapa" in str(twice)


def test_a_hub_is_found():
    assert quality.hub_findings(LISTS, 1.0) == []
    assert len(quality.hub_findings(LISTS, 0.9)) == 3
    star = {**{f"W{number}": ["Oban"] for number in range(9)}, "Oban": ["W0"]}
    (finding,) = quality.hub_findings(star, 0.5)
    assert str(finding).startswith("model, whisky Oban: 9 of 9 lists name it, and 4 may")


def test_peated_islay_malts_want_company():
    model = smoky_model(Ardbeg=4, Lagavulin=4, Bunnahabhain=1, Oban=4)
    good = {"Ardbeg": ["Oban", "Lagavulin"], "Lagavulin": ["Ardbeg"], "Bunnahabhain": ["Oban"], "Oban": ["Ardbeg"]}
    assert quality.islay_findings(model, good) == []
    (finding,) = quality.islay_findings(model, {**good, "Ardbeg": ["Oban", "Bunnahabhain"]})
    assert str(finding).startswith("model, whisky Ardbeg, recommends Oban, Bunnahabhain: there is no other smoky malt")


def test_a_lonely_one_is_forgiven():
    assert quality.islay_findings(smoky_model(Ardbeg=4, Oban=4), {"Ardbeg": ["Oban"], "Oban": ["Ardbeg"]}) == []


def test_strangers_are_found():
    assert quality.stranger_findings(LISTS) == []
    (finding,) = quality.stranger_findings({"Laphroaig": ["Ardbeg", "Auchentoshan"]})
    assert "it recommends Auchentoshan, which is nothing like it" in str(finding)


def test_recommendations_are_those_of_the_model(clean, model):
    lists = quality.recommendations(model, 4)
    whisky = clean["whisky"].iloc[11]
    assert lists[whisky] == [name for name, _ in training.recommend(model, whisky, 4)]

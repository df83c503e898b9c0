"""whisky/training.py and whisky/summary.py."""

import json

import numpy as np
import pytest

from pipelines import artifact
from whisky import mock, neighbours, summary, table, training


@pytest.fixture(scope="module")
def clean():
    return table.clean(*mock.delivery(whiskies=60, seed=5))[0]


@pytest.mark.parametrize("metric", neighbours.METRICS)
@pytest.mark.parametrize("scaling", neighbours.SCALINGS)
def test_the_model_holds_all_that_the_service_needs(clean, metric, scaling):
    model = training.train(clean, metric, scaling)
    assert model.params == {"metric": metric, "scaling": scaling}
    assert model.signature["items"] == clean["whisky"].tolist()
    assert set(model.signature["descriptions"]) == set(clean["whisky"])
    arrays = model.arrays
    np.testing.assert_array_equal(arrays["vectors"], (arrays["profiles"] - arrays["centre"]) / arrays["spread"])


def test_the_classes_are_no_part_of_it(clean):
    shuffled = clean.assign(wishart_class=clean["wishart_class"].iloc[::-1].to_numpy())
    assert training.train(shuffled, "euclidean", "none").version == training.train(clean, "euclidean", "none").version


def test_unknown_settings_are_refused(clean):
    with pytest.raises(ValueError, match="metric 'taxi' is not known"):
        training.train(clean, "taxi", "none")
    with pytest.raises(ValueError, match="scaling 'log' is not known"):
        training.train(clean, "cosine", "log")


def test_recommendations_come_nearest_first_and_never_with_the_whisky_itself(clean):
    model = training.train(clean, "euclidean", "none")
    whisky = clean["whisky"].iloc[7]
    near = training.recommend(model, whisky, 10)
    assert len(near) == 10
    assert whisky not in dict(near)
    assert [distance for _, distance in near] == sorted(distance for _, distance in near)
    with pytest.raises(ValueError, match="is not in list"):
        training.recommend(model, "Nowhere")


def test_only_precision_follows_k(clean):
    model = training.train(clean, "euclidean", "none")
    three, five = summary.metrics(clean, model, 3), summary.metrics(clean, model, 5)
    assert five["precision"] == five["precision_at_5"]
    assert {name for name in five if five[name] != three[name]} <= {"k", "precision"}
    assert three["k"] == 3


def test_the_summary_is_the_same_for_every_k(clean):
    model = training.train(clean, "euclidean", "none")
    summaries = [summary.summary(clean, model, summary.metrics(clean, model, k)) for k in (3, 10)]
    assert summaries[0] == summaries[1]
    assert summaries[0]["whiskies"][clean["whisky"].iloc[0]]["class"] == clean["wishart_class"].iloc[0]


def test_json_is_written_in_one_way_only(tmp_path):
    content = {"b": {"y": [1, 2], "x": {"deep": 1}}, "a": 0.5}
    summary.write_json(content, tmp_path / "new" / "one.json")
    summary.write_json(dict(reversed(content.items())), tmp_path / "two.json")
    text = (tmp_path / "new" / "one.json").read_text()
    assert text == (tmp_path / "two.json").read_text()
    assert json.loads(text) == content
    assert text.endswith("}\n")


def test_it_comes_back_from_disk_as_it_was(clean, tmp_path):
    model = training.train(clean, "cosine", "standard")
    version = artifact.save(model, tmp_path / "model")
    again = artifact.load(tmp_path / "model")
    assert again.version == version
    assert training.recommend(again, clean["whisky"].iloc[0]) == training.recommend(model, clean["whisky"].iloc[0])

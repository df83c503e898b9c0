"""The whole way on generated tables, whose answers are known."""

import numpy as np
import pytest

from pipelines import artifact
from whisky import contract, mock, names, neighbours, quality, schema, scoring, summary, table, training

VARIANTS = [(metric, scaling) for metric in neighbours.METRICS for scaling in neighbours.SCALINGS]


def figures_of(delivered, metric="euclidean", scaling="none"):
    clean, _ = table.clean(*delivered)
    return summary.metrics(clean, training.train(clean, metric, scaling))


@pytest.mark.parametrize("seed", range(3))
def test_a_generated_delivery_keeps_the_contract(seed, tmp_path):
    raw, labels = mock.delivery(seed=seed)
    for delivered, name in ((raw, "whiskies.csv"), (labels, "wishart_classes.csv")):
        mock.write(delivered, tmp_path / name)
    assert contract.structure(tmp_path / "whiskies.csv", table.COLUMNS) == []
    read = table.read_raw(tmp_path / "whiskies.csv")
    assert schema.findings(schema.raw_schema(), read, "whiskies.csv", "Distillery") == []
    assert contract.twin_findings(read, "whiskies.csv") == contract.name_findings(read, "whiskies.csv") == []
    clean, repairs = table.clean(read, table.read_raw(tmp_path / "wishart_classes.csv"))
    assert schema.findings(schema.clean_schema(), clean, "clean.csv", "whisky") == []
    assert (repairs["why"] == "stray blanks").sum() == 2 * len(raw)


@pytest.mark.parametrize(("metric", "scaling"), VARIANTS)
def test_every_variant_finds_clear_classes(metric, scaling):
    figures = figures_of(mock.delivery(whiskies=72, classes=6, seed=1, noise=0.3), metric, scaling)
    assert figures["precision_at_5"] > 0.9
    assert figures["precision_at_random"] == pytest.approx(11 / 71, abs=1e-4)


def test_without_noise_every_recommendation_is_right():
    assert figures_of(mock.delivery(whiskies=60, classes=6, seed=2, noise=0))["precision_at_5"] == 1


def test_more_noise_is_never_better():
    reached = [figures_of(mock.delivery(seed=4, noise=noise))["precision_at_5"] for noise in (0.2, 1.0, 3.0)]
    assert reached == sorted(reached, reverse=True)


def test_with_classes_by_lot_no_recommendation_is_better_than_lots():
    raw, labels = mock.delivery(whiskies=120, seed=6)
    labels["wishart_class"] = np.random.default_rng(0).permutation(labels["wishart_class"])
    figures = figures_of((raw, labels))
    assert figures["precision_at_5"] == pytest.approx(figures["precision_at_random"], abs=0.06)


def test_the_order_of_rows_and_columns_does_not_matter(tmp_path):
    raw, labels = mock.delivery(seed=7)
    mixed = raw.sample(frac=1, random_state=0)[list(raw.columns[::-1])]
    versions = set()
    for delivered in (raw, mixed):
        clean, _ = table.clean(delivered, labels)
        versions.add(artifact.save(training.train(clean, "cosine", "standard"), tmp_path / "model"))
    assert len(versions) == 1


def test_nobody_gets_what_they_asked_for_even_among_doubles():
    clean, _ = table.clean(*mock.delivery(whiskies=40, classes=4, seed=8, noise=0))
    lists = quality.recommendations(training.train(clean, "euclidean", "none"))
    assert quality.self_findings(lists) == []


def test_the_share_that_is_scored_is_told():
    raw, labels = mock.delivery(whiskies=80, seed=9)
    figures = figures_of((raw, labels.iloc[:60]))
    assert figures["scored_share"] == 0.75


@pytest.mark.parametrize("seed", range(2))
def test_choosing_on_clear_data_picks_what_is_truly_good(seed):
    clean, _ = table.clean(*mock.delivery(whiskies=64, seed=seed, noise=0.4))
    labels = clean["wishart_class"].to_numpy(str)
    reached, _ = scoring.nested_precision(clean[table.FEATURES], labels)
    chosen = scoring.simplest_within_one_error(scoring.variant_scores(clean[table.FEATURES], labels))
    assert reached.mean() > 0.85
    assert chosen[0] == "none"


def test_generated_names_are_told_apart():
    raw, _ = mock.delivery(whiskies=144, seed=0)
    assert raw["Distillery"].is_unique
    assert names.lookalikes(raw["Distillery"].tolist()) == []
    with pytest.raises(ValueError, match="names for 144"):
        mock.delivery(whiskies=145)

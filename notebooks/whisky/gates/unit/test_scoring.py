"""whisky/scoring.py."""

from pathlib import Path

import numpy as np
import pytest

from whisky import neighbours, scoring, table

REFERENCE = Path(__file__).parents[2] / "reference"

# Five on a line: two pairs and a loner.
LINE = neighbours.distances(np.array([[0.0], [1.0], [10.0], [11.0], [30.0]]), "euclidean")
LABELS = np.array(["A", "A", "B", "B", "A"])


@pytest.fixture(scope="module")
def published():
    """The scores and classes in the order of the file, as those who published the figures had them."""
    raw = table.read_raw(REFERENCE / "whiskies.csv")
    classes = table.classes(table.read_raw(REFERENCE / "wishart_classes.csv"))
    clean, _ = table.clean(raw, table.read_raw(REFERENCE / "wishart_classes.csv"))
    assert dict(zip(clean["whisky"], clean["wishart_class"], strict=True)) == classes
    labels = np.array(list(classes.values()))
    return raw[table.FEATURES].to_numpy(float), labels


def test_the_published_figures_come_out(published):
    profiles, labels = published
    plain = scoring.precision(neighbours.distances(profiles, "euclidean"), labels)
    assert round(plain.mean(), 3) == 0.507
    assert round(scoring.random_precision(labels), 3) == 0.097
    assert round(scoring.standard_error(plain), 3) == 0.026


def test_the_best_variant_is_not_better_than_the_plain_one_by_a_standard_error(published):
    profiles, labels = published
    scores = scoring.variant_scores(profiles, labels)
    assert max(scores, key=lambda variant: scores[variant].mean()) == ("standard", "cosine")
    assert scoring.simplest_within_one_error(scores) == ("none", "euclidean")


def test_precision_by_hand():
    assert scoring.precision(LINE, LABELS, k=1).tolist() == [1, 1, 1, 1, 0]
    assert scoring.precision(LINE, LABELS, k=2).tolist() == [0.5, 0.5, 0.5, 0.5, 0]


def test_unlabelled_items_move_no_score():
    far = neighbours.distances(np.array([[0.0], [1.0], [10.0], [11.0], [30.0], [0.5]]), "euclidean")
    labels = np.array([*LABELS, ""])
    for score in (scoring.precision, scoring.fair_precision):
        assert score(far, labels, 1).tolist() == score(LINE, LABELS, 1).tolist()
    assert scoring.random_precision(labels) == scoring.random_precision(LABELS)


def test_ties_are_decided_by_order_when_served_and_by_lot_when_compared():
    apart = np.array([[0.0, 1, 1, 1], [1, 0, 2, 2], [1, 2, 0, 2], [1, 2, 2, 0]])
    labels = np.array(["A", "B", "A", "A"])
    assert scoring.precision(apart, labels, k=1)[0] == 0
    assert scoring.fair_precision(apart, labels, k=1)[0] == pytest.approx(2 / 3)
    assert scoring.fair_precision(apart, labels, k=2)[0] == pytest.approx(2 / 3)


def test_fair_precision_is_the_mean_over_all_orders():
    rng = np.random.default_rng(0)
    profiles, labels = rng.integers(0, 3, (12, 3)).astype(float), rng.choice(["A", "B"], 12)
    fair = scoring.fair_precision(neighbours.distances(profiles, "manhattan"), labels, 3)
    total = np.zeros(12)
    for _ in range(500):
        order = rng.permutation(12)
        total[order] += scoring.precision(neighbours.distances(profiles[order], "manhattan"), labels[order], 3)
    np.testing.assert_allclose(fair, total / 500, atol=0.08)


def test_the_nested_figure_is_that_of_the_left_out():
    rng = np.random.default_rng(2)
    profiles, labels = rng.integers(0, 5, (24, 4)), np.repeat(["A", "B", "C"], 8)
    reached, chosen = scoring.nested_precision(profiles, labels, 3)
    scores = scoring.variant_scores(profiles, labels, 3)
    assert reached.tolist() == [scores[variant][row] for row, variant in enumerate(chosen)]
    assert reached.mean() <= max(values.mean() for values in scores.values()) + 1e-9


def test_labels_that_mean_nothing_score_as_lots_when_choosing_is_scored_too():
    rng = np.random.default_rng(3)
    profiles, labels = rng.integers(0, 5, (60, 6)), rng.permutation(np.repeat(["A", "B", "C"], 20))
    reached, _ = scoring.nested_precision(profiles, labels)
    assert reached.mean() == pytest.approx(scoring.random_precision(labels), abs=0.1)


def test_the_bootstrap_interval_holds_the_mean_and_repeats():
    values = np.random.default_rng(0).normal(1, 1, 100)
    low, high = scoring.bootstrap_interval(values)
    assert low < values.mean() < high
    assert (low, high) == scoring.bootstrap_interval(values)
    assert high - low == pytest.approx(2 * 1.96 * scoring.standard_error(values), rel=0.1)


def test_the_rule_takes_the_best_where_the_plain_one_is_clearly_worse():
    good, bad = np.array([0.9, 1.0] * 20), np.array([0.1, 0.2] * 20)
    assert scoring.simplest_within_one_error({("none", "euclidean"): bad, ("standard", "cosine"): good}) == (
        "standard",
        "cosine",
    )
    assert scoring.simplest_within_one_error({("none", "euclidean"): good, ("standard", "cosine"): good}) == (
        "none",
        "euclidean",
    )


def test_lists_and_symmetry_by_hand():
    assert scoring.in_lists(LINE, 1).tolist() == [1, 1, 1, 2, 0]
    assert scoring.symmetry(LINE, 1) == pytest.approx(4 / 5)


def test_classes_are_scored_one_by_one():
    assert scoring.by_class(scoring.precision(LINE, LABELS, 1), LABELS) == {"A": pytest.approx(2 / 3), "B": 1.0}


def test_the_comparison_has_a_row_a_variant():
    scores = {("none", "euclidean"): np.array([0.0, 1.0]), ("none", "cosine"): np.array([1.0, 1.0])}
    rows = scoring.comparison(scores, ("none", "cosine"))
    assert rows["precision"].tolist() == [0.5, 1.0]
    assert rows["chosen"].tolist() == [False, True]
    assert (rows["low"] <= rows["high"]).all()


@pytest.mark.parametrize("k", [0, -1, 5, 500, 2.0, True, "None", "nan", None])
@pytest.mark.parametrize("score", [scoring.precision, scoring.fair_precision])
def test_a_k_that_can_not_be_taken_is_refused(score, k):
    with pytest.raises(ValueError, match=r"k is .*, and has to be a whole number from 1 to 4: each of 5 scored"):
        score(LINE, LABELS, k)


def test_every_k_up_to_the_last_is_taken():
    for k in (1, 4, np.int64(4)):
        assert len(scoring.precision(LINE, LABELS, k)) == len(scoring.fair_precision(LINE, LABELS, k)) == 5


def test_whiskies_without_a_class_do_not_count_for_k():
    with pytest.raises(ValueError, match="whole number from 1 to 3"):
        scoring.precision(LINE, np.array(["A", "A", "B", "B", ""]), 4)

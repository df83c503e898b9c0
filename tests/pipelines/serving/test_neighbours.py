from __future__ import annotations

import math

import numpy as np
import pytest

from pipelines.serving.neighbours import METRICS, MOST, Neighbours

VECTORS = np.array([[0, 0], [3, 4], [0, 1], [0, 1], [6, 8]], dtype=float)


def neighbours(vectors: np.ndarray, metric: str = "euclidean") -> Neighbours:
    width = vectors.shape[1]
    return Neighbours(vectors, np.zeros(width), np.ones(width), metric)


@pytest.mark.parametrize(
    ("metric", "distance"),
    [
        ("euclidean", 5.0),
        ("manhattan", 7.0),
        ("cosine", 1 - (1 * 4 + 2 * 6 + 3 * 3) / math.sqrt(14 * 61)),
        # centred: (-1, 0, 1) and (-1/3, 5/3, -4/3)
        ("correlation", 1 - (1 / 3 - 4 / 3) / math.sqrt(2 * (1 + 25 + 16) / 9)),
    ],
)
def test_metrics_worked_out_by_hand(metric: str, distance: float) -> None:
    pair = {"euclidean": [[0, 0, 0], [3, 4, 0]], "manhattan": [[0, 0, 0], [3, 4, 0]]}
    vectors = np.array(pair.get(metric, [[1, 2, 3], [4, 6, 3]]), dtype=float)
    assert neighbours(vectors, metric).of_item(0, 1) == [(1, pytest.approx(distance))]


def test_nearest_first_and_ties_in_row_order() -> None:
    assert neighbours(VECTORS).of_item(0, 4) == [(2, 1.0), (3, 1.0), (1, 5.0), (4, 10.0)]


def test_ties_that_differ_by_the_last_bit_are_in_row_order() -> None:
    vectors = np.array([[0.0, 0, 0], [0.3, 0.2, 0.1], [0.1, 0.2, 0.3]])
    distances = METRICS["manhattan"](vectors, vectors[0])
    assert distances[2] != distances[1], "the case proves nothing where addition happens to be exact"
    assert [row for row, _ in neighbours(vectors, "manhattan").of_item(0, 2)] == [1, 2]
    assert [row for row, _ in neighbours(vectors, "manhattan").of_profile([0, 0, 0], 3)] == [0, 1, 2]


@pytest.mark.parametrize("metric", METRICS)
def test_an_item_is_never_its_own_neighbour_even_beside_its_double(metric: str) -> None:
    chance = np.random.default_rng(1)
    vectors = np.repeat(chance.integers(0, 5, (15, 4)).astype(float), 2, axis=0)
    ranked = neighbours(vectors, metric)
    for row in range(len(vectors)):
        assert row not in [other for other, _ in ranked.of_item(row, MOST)]


@pytest.mark.parametrize("metric", METRICS)
def test_distances_are_finite_symmetric_and_never_negative(metric: str) -> None:
    vectors = np.array([[0, 0, 0], [2, 2, 2], [1, 2, 3], [3, 2, 1], [1, 2, 3.0000001]], dtype=float)
    matrix = np.array([METRICS[metric](vectors, vector) for vector in vectors])
    assert np.isfinite(matrix).all()
    assert (matrix >= 0).all()
    np.testing.assert_allclose(matrix, matrix.T)


def test_a_vector_without_direction_is_unlike_everything() -> None:
    assert METRICS["cosine"](np.array([[1.0, 0]]), np.zeros(2)).tolist() == [1.0]
    assert METRICS["correlation"](np.array([[1.0, 0]]), np.full(2, 3.0)).tolist() == [1.0]


def test_a_new_profile_is_scaled_as_the_items_were() -> None:
    raw = np.array([[0, 10], [4, 10], [4, 30]], dtype=float)
    centre, spread = np.array([2.0, 20.0]), np.array([2.0, 10.0])
    ranked = Neighbours((raw - centre) / spread, centre, spread, "euclidean")
    assert ranked.of_profile([4, 30], 2) == [(2, 0.0), (1, 2.0)]


def test_the_list_is_bounded() -> None:
    assert neighbours(VECTORS).most == 4
    many = neighbours(np.arange(60, dtype=float).reshape(-1, 2))
    assert many.most == MOST
    assert len(many.of_item(0, 1000)) == MOST


def test_steps_are_distances_of_pairs() -> None:
    steps = neighbours(VECTORS).steps((0.0, 0.5, 1.0))
    assert steps[0] == 0.0
    assert steps == sorted(steps)
    assert steps[-1] == 10.0

"""whisky/neighbours.py."""

import numpy as np
import pytest

from whisky import neighbours

PROFILES = np.array([[0, 4, 2], [1, 4, 2], [4, 0, 2], [0, 4, 2]])


@pytest.mark.parametrize("scaling", neighbours.SCALINGS)
def test_vectors_can_be_made_again_from_centre_and_spread(scaling):
    vectors, centre, spread = neighbours.scale(PROFILES, scaling)
    np.testing.assert_array_equal(vectors, (PROFILES - centre) / spread)
    assert np.isfinite(vectors).all()


def test_what_the_scalings_do():
    standard, _, _ = neighbours.scale(PROFILES, "standard")
    np.testing.assert_allclose(standard[:, :2].mean(axis=0), 0, atol=1e-9)
    np.testing.assert_allclose(standard[:, :2].std(axis=0), 1)
    minmax, _, _ = neighbours.scale(PROFILES, "minmax")
    assert (minmax.min(), minmax.max()) == (0, 1)
    np.testing.assert_array_equal(neighbours.scale(PROFILES, "none")[0], PROFILES)


def test_a_constant_column_is_not_divided_by_nothing():
    _, _, spread = neighbours.scale(PROFILES, "minmax")
    assert spread[2] == 1


@pytest.mark.parametrize(
    ("metric", "expected"),
    [
        ("euclidean", np.sqrt(32)),
        ("manhattan", 8),
        ("cosine", 1 - 4 / 20),
        ("correlation", 2.0),
    ],
)
def test_distances_by_hand(metric, expected):
    apart = neighbours.distances(PROFILES.astype(float), metric)
    assert apart[0, 2] == pytest.approx(expected)


@pytest.mark.parametrize("metric", neighbours.METRICS)
def test_distances_are_symmetric_and_zero_to_oneself(metric):
    vectors = np.random.default_rng(0).normal(size=(20, 5))
    apart = neighbours.distances(vectors, metric)
    np.testing.assert_array_equal(apart, apart.T)
    assert (np.diag(apart) == 0).all()
    assert (apart >= 0).all()


@pytest.mark.parametrize("metric", ["cosine", "correlation"])
def test_a_vector_without_direction_is_like_nothing(metric):
    apart = neighbours.distances(np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]]), metric)
    assert apart[0, 1] == 1


def test_no_item_is_its_own_neighbour_even_where_it_has_a_double():
    ranks = neighbours.ranking(neighbours.distances(PROFILES.astype(float), "euclidean"))
    assert ranks.shape == (4, 3)
    assert all(row not in near for row, near in enumerate(ranks))
    assert ranks[0, 0] == 3
    assert ranks[3, 0] == 0


def test_ties_go_to_the_first_item():
    ranks = neighbours.ranking(np.array([[0.0, 1, 1, 1], [1, 0, 1, 1], [1, 1, 0, 1], [1, 1, 1, 0]]))
    assert ranks.tolist() == [[1, 2, 3], [0, 2, 3], [0, 1, 3], [0, 1, 2]]


def test_unknown_words_are_refused():
    with pytest.raises(ValueError, match="'log' is not known; use one of none, minmax, standard"):
        neighbours.scale(PROFILES, "log")
    with pytest.raises(ValueError, match="'taxi' is not known; use one of euclidean"):
        neighbours.distances(PROFILES.astype(float), "taxi")

"""Who is nearest to whom: four distances, and the ranking of every item, worked out once when a model is loaded."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ranking = list[tuple[int, float]]
"""Rows of items with their distances, nearest first."""

MOST = 20
"""The longest list of neighbours that is kept ready and given."""

_TIE = 10  # decimals; below them two distances differ only by the order in which floats were added


def _euclidean(vectors: Floats, point: Floats) -> Floats:
    distances: Floats = np.sqrt(np.square(vectors - point).sum(axis=1))
    return distances


def _manhattan(vectors: Floats, point: Floats) -> Floats:
    distances: Floats = np.abs(vectors - point).sum(axis=1)
    return distances


def _cosine(vectors: Floats, point: Floats) -> Floats:
    """1 - cosine; a vector without a direction (all zeros) counts as unlike everything: 1."""
    lengths = np.sqrt(np.square(vectors).sum(axis=1)) * np.sqrt(np.square(point).sum())
    products = (vectors * point).sum(axis=1)
    alike: Floats = np.divide(products, lengths, out=np.zeros_like(products), where=lengths > 0)
    distances: Floats = np.clip(1.0 - alike, 0.0, 2.0)
    return distances


def _correlation(vectors: Floats, point: Floats) -> Floats:
    return _cosine(vectors - vectors.mean(axis=1, keepdims=True), point - point.mean())


METRICS: dict[str, Callable[[Floats, Floats], Floats]] = {
    "euclidean": _euclidean,
    "manhattan": _manhattan,
    "cosine": _cosine,
    "correlation": _correlation,
}


class Neighbours:
    """The ranking of every item, and of new profiles as they come."""

    def __init__(self, vectors: npt.NDArray[Any], centre: Floats, spread: Floats, metric: str) -> None:
        """Rank the rows of `vectors` (N, F) against each other.

        `centre` and `spread` (F,) turn a raw profile into such a vector; `metric` is one of METRICS.
        No matrix product is used, so the distances don't depend on the machine's BLAS.
        """
        self._vectors = np.ascontiguousarray(vectors, dtype=np.float64)
        self._centre, self._spread = centre, spread
        self._distances = METRICS[metric]
        self._rankings = [self._rank_row(row) for row in range(len(self._vectors))]

    @property
    def most(self) -> int:
        """The longest list that can be asked for."""
        return min(MOST, len(self._vectors) - 1)

    def of_item(self, row: int, n: int) -> Ranking:
        """The `n` items nearest to the item in `row`, itself never among them; ties in row order."""
        return self._rankings[row][:n]

    def of_profile(self, profile: npt.ArrayLike, n: int) -> Ranking:
        """The `n` items nearest to a new raw profile (F,); ties in row order."""
        point = (np.asarray(profile, dtype=np.float64) - self._centre) / self._spread
        return _rank(self._distances(self._vectors, point), n)

    def steps(self, shares: tuple[float, ...]) -> list[float]:
        """The distances below which the given shares of all pairs lie (of a regular sample, where there are many)."""
        count = len(self._vectors)
        pairs = [
            np.delete(self._distances(self._vectors, self._vectors[row]), row)
            for row in range(0, count, max(1, count // 200))
        ]
        return [float(value) for value in np.quantile(np.concatenate(pairs), shares)]

    def _rank_row(self, row: int) -> Ranking:
        distances = self._distances(self._vectors, self._vectors[row])
        # By row, not by distance 0: another item may have the very same profile, and is a fine recommendation.
        distances[row] = np.inf
        return _rank(distances, self.most)


def _rank(distances: Floats, n: int) -> Ranking:
    order = np.argsort(np.round(distances, _TIE), kind="stable")[:n]
    return [(int(row), float(distances[row])) for row in order]

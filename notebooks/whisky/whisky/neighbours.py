"""Nearest neighbours: scalings, metrics, distances and rankings, as plain functions on arrays."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Numbers = npt.NDArray[np.float64]
Indices = npt.NDArray[np.intp]

# Simplest first: the order in which the one-standard-error rule prefers them.
SCALINGS = ("none", "minmax", "standard")
METRICS = ("euclidean", "manhattan", "cosine", "correlation")

# Distances that differ by less than this come from the order of additions; they are ties.
DIGITS = 10


def scale(profiles: npt.ArrayLike, scaling: str) -> tuple[Numbers, Numbers, Numbers]:
    """(vectors, centre, spread) with vectors = (profiles - centre) / spread, column by column.

    `profiles` is (N, F). A constant column has no spread to divide by and gets 1. Raises ValueError for a scaling
    that is not in SCALINGS.
    """
    values = np.asarray(profiles, dtype=np.float64)
    width = values.shape[1]
    if scaling == "none":
        centre, spread = np.zeros(width), np.ones(width)
    elif scaling == "standard":
        centre, spread = values.mean(axis=0), values.std(axis=0)
    elif scaling == "minmax":
        centre, spread = values.min(axis=0), np.ptp(values, axis=0)
    else:
        raise ValueError(f"scaling {scaling!r} is not known; use one of {', '.join(SCALINGS)}")
    # The last digits of a mean differ between processors; a model's hash must not.
    centre, spread = np.round(centre, 12), np.round(np.where(spread > 0, spread, 1.0), 12)
    return (values - centre) / spread, centre, spread


def distances(vectors: Numbers, metric: str) -> Numbers:
    """The (N, N) distances between the rows of `vectors` (N, F); symmetric, 0 on the diagonal.

    Cosine and correlation are 1 minus the likeness, 1 for a vector without direction. Raises ValueError for a
    metric that is not in METRICS.
    """
    if metric in ("euclidean", "manhattan"):
        apart = vectors[:, None, :] - vectors[None, :, :]
        found = np.sqrt((apart**2).sum(axis=2)) if metric == "euclidean" else np.abs(apart).sum(axis=2)
    elif metric in ("cosine", "correlation"):
        centred = vectors - vectors.mean(axis=1, keepdims=True) if metric == "correlation" else vectors
        length = np.linalg.norm(centred, axis=1, keepdims=True)
        unit = np.divide(centred, length, out=np.zeros_like(centred), where=length > 1e-12)
        found = 1.0 - unit @ unit.T
    else:
        raise ValueError(f"metric {metric!r} is not known; use one of {', '.join(METRICS)}")
    found = np.round((found + found.T) / 2, DIGITS) + 0.0
    np.fill_diagonal(found, 0.0)
    return found


def ranking(apart: Numbers) -> Indices:
    """(N, N-1): for each row of the (N, N) distances the others, nearest first, never the item itself.

    Ties go to the item that comes first.
    """
    own = apart.copy()
    np.fill_diagonal(own, np.inf)
    return np.argsort(own, axis=1, kind="stable")[:, :-1]

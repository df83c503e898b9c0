"""How good the recommendations are: precision against Wishart's classes, and which variant to choose.

Whiskies without a published class are recommended to customers but not scored: here neither as a query nor as a
candidate, so that adding one moves no figure.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pandas as pd

from whisky import neighbours

Numbers = npt.NDArray[np.float64]
Labels = npt.NDArray[np.str_]

# The published figures, and every threshold, are about five recommendations.
DEPTH = 5


def check_k(k: object, others: int) -> None:
    """Raise ValueError unless `k` recommendations can be taken of `others` that are left when one asks."""
    if isinstance(k, bool) or not isinstance(k, int | np.integer) or not 1 <= k <= others:
        raise ValueError(
            f"k is {k!r}, and has to be a whole number from 1 to {others}: each of {others + 1} scored whiskies has "
            f"{others} others. Give such a k in params.yaml, or more classes in data/wishart_classes.csv"
        )


def precision(apart: Numbers, labels: Labels, k: int = DEPTH) -> Numbers:
    """For each scored whisky the share of its `k` nearest scored whiskies that are in its class, ties as served.

    `apart` is (N, N), `labels` (N,) with "" for no class; the result has one value a labelled row, in row order.
    Raises ValueError where `k` is no whole number from 1 to one less than the labelled rows.
    """
    scored = labels != ""
    check_k(k, int(scored.sum()) - 1)
    ranks = neighbours.ranking(apart[np.ix_(scored, scored)])[:, :k]
    known = labels[scored]
    return (known[ranks] == known[:, None]).mean(axis=1)


def fair_precision(apart: Numbers, labels: Labels, k: int = DEPTH) -> Numbers:
    """As `precision`, but the expected value when lots decide between whiskies that are equally near.

    Whole scores make many ties, and the order of the rows would decide them: that moves the plain variant's figure
    by as much as the variants differ. So it is this one that variants are compared by.
    """
    scored = labels != ""
    check_k(k, int(scored.sum()) - 1)
    near = apart[np.ix_(scored, scored)].copy()
    np.fill_diagonal(near, np.inf)
    same = labels[scored][:, None] == labels[scored]
    edge = np.sort(near, axis=1)[:, k - 1 : k]
    inside, on_edge = near < edge, near == edge
    left = k - inside.sum(axis=1)
    hits = (inside & same).sum(axis=1) + left * (on_edge & same).sum(axis=1) / on_edge.sum(axis=1)
    return hits / k


def random_precision(labels: Labels) -> float:
    """What a recommender that draws lots would reach on average."""
    known = labels[labels != ""]
    sizes = dict(zip(*np.unique(known, return_counts=True), strict=True))
    return float(np.mean([(sizes[label] - 1) / (len(known) - 1) for label in known]))


def variants() -> list[tuple[str, str]]:
    """All (scaling, metric), simplest first: fewer steps before others, the file's own scores before scaled ones."""
    return [(scaling, metric) for scaling in neighbours.SCALINGS for metric in neighbours.METRICS]


def variant_scores(profiles: npt.ArrayLike, labels: Labels, k: int = DEPTH) -> dict[tuple[str, str], Numbers]:
    """Each variant's fair precision for each scored whisky."""
    return {variant: fair_precision(_apart(profiles, variant), labels, k) for variant in variants()}


def nested_precision(profiles: npt.ArrayLike, labels: Labels, k: int = DEPTH) -> tuple[Numbers, list[tuple[str, str]]]:
    """The fair precision of *choosing the best variant*, leave-one-out, and what was chosen each time.

    For each scored whisky the best variant is chosen on all the others, with that whisky taken out of their lists
    too; then the chosen one is scored on the whisky left out. The labels take part in the choice only.
    """
    scored = labels != ""
    known = labels[scored]
    apart = {variant: _apart(np.asarray(profiles)[scored], variant) for variant in variants()}
    full = {variant: fair_precision(far, known, k) for variant, far in apart.items()}
    reached, chosen = [], []
    for left_out in range(len(known)):
        rest = np.delete(np.arange(len(known)), left_out)
        means = {v: fair_precision(far[np.ix_(rest, rest)], known[rest], k).mean() for v, far in apart.items()}
        best = max(means, key=lambda variant: round(means[variant], neighbours.DIGITS))
        reached.append(full[best][left_out])
        chosen.append(best)
    return np.array(reached), chosen


def bootstrap_interval(values: Numbers, draws: int = 4000, seed: int = 1, level: float = 0.95) -> tuple[float, float]:
    """The interval of the mean when whiskies are drawn with replacement. Give differences for a paired one."""
    rng = np.random.default_rng(seed)
    means = values[rng.integers(0, len(values), (draws, len(values)))].mean(axis=1)
    low, high = np.quantile(means, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


def standard_error(values: Numbers) -> float:
    """The standard error of the mean."""
    return float(values.std(ddof=1) / np.sqrt(len(values)))


def simplest_within_one_error(scores: Mapping[tuple[str, str], Numbers]) -> tuple[str, str]:
    """The simplest variant no more than one standard error (the best one's) below the best."""
    best = max(scores.values(), key=lambda values: values.mean())
    bar = best.mean() - standard_error(best)
    return next(variant for variant in variants() if variant in scores and scores[variant].mean() >= bar)


def in_lists(apart: Numbers, k: int = DEPTH) -> npt.NDArray[np.intp]:
    """(N,): in how many of the others' `k` recommendations each item stands."""
    ranks = neighbours.ranking(apart)[:, :k]
    return np.bincount(ranks.ravel(), minlength=len(apart))


def symmetry(apart: Numbers, k: int = DEPTH) -> float:
    """The share of recommendations that are returned: B stands in A's list, and A in B's."""
    ranks = neighbours.ranking(apart)[:, :k]
    listed = np.zeros_like(apart, dtype=bool)
    np.put_along_axis(listed, ranks, True, axis=1)
    return float((listed & listed.T).sum() / listed.sum())


def by_class(values: Numbers, labels: Labels) -> dict[str, float]:
    """Each class's mean precision."""
    known = labels[labels != ""]
    return {str(label): float(values[known == label].mean()) for label in sorted(set(known))}


def _apart(profiles: npt.ArrayLike, variant: tuple[str, str]) -> Numbers:
    vectors, _, _ = neighbours.scale(profiles, variant[0])
    return neighbours.distances(vectors, variant[1])


def comparison(scores: Mapping[tuple[str, str], Numbers], chosen: tuple[str, str]) -> pd.DataFrame:
    """The variants side by side: scaling, metric, mean precision, its 95 % bootstrap interval, whether chosen."""
    rows = [
        (*variant, values.mean(), *bootstrap_interval(values), variant == chosen) for variant, values in scores.items()
    ]
    return pd.DataFrame(rows, columns=["scaling", "metric", "precision", "low", "high", "chosen"])

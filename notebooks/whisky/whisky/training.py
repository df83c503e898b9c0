"""The model: the whiskies' flavour vectors, with what is needed to ask it and to add to it."""

from __future__ import annotations

import numpy as np
import pandas as pd

from pipelines.artifact import Model
from whisky import names, neighbours
from whisky.table import FEATURES, LEAST, MOST


def train(table: pd.DataFrame, metric: str, scaling: str) -> Model:
    """The nearest-neighbour model of a clean table; the classes are no part of it.

    Raises ValueError for an unknown metric or scaling.
    """
    if metric not in neighbours.METRICS:
        raise ValueError(f"metric {metric!r} is not known; use one of {', '.join(neighbours.METRICS)}")
    profiles = table[FEATURES].to_numpy(np.float64)
    vectors, centre, spread = neighbours.scale(profiles, scaling)
    items = table["whisky"].tolist()
    return Model(
        name="whisky",
        kind="nearest-neighbours",
        signature={
            "item": "whisky",
            "title": "Find your next whisky",
            "items": items,
            "features": FEATURES,
            "range": [LEAST, MOST],
            "aliases": names.aliases(items),
            "descriptions": dict(zip(items, table["region"].tolist(), strict=True)),
        },
        params={"metric": metric, "scaling": scaling},
        arrays={"profiles": profiles, "vectors": vectors, "centre": centre, "spread": spread},
    )


def recommend(model: Model, whisky: str, n: int = 5) -> list[tuple[str, float]]:
    """The `n` nearest of a whisky in the model, nearest first, as (name, distance). Raises ValueError if unknown."""
    items = model.signature["items"]
    apart = neighbours.distances(model.arrays["vectors"], model.params["metric"])
    row = items.index(whisky)
    return [(items[other], float(apart[row, other])) for other in neighbours.ranking(apart)[row, :n]]

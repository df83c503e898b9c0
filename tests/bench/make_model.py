"""A model to measure with: the released one where there is one, else one made from the raw table."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np

from pipelines import artifact

ANALYSIS = Path(__file__).parents[2] / "notebooks" / "whisky"


def model_folder(scratch: Path) -> Path:
    """The folder of a model: `notebooks/whisky/model`, or one made in `scratch` from the analysis's raw table."""
    trained = ANALYSIS / "model"
    return trained if (trained / "model.json").is_file() else from_table(scratch / "model")


def from_table(folder: Path) -> Path:
    """Save a plain model of the raw table to `folder`."""
    with (ANALYSIS / "data" / "whiskies.csv").open(encoding="utf-8", newline="") as file:
        rows = sorted(csv.DictReader(file), key=lambda row: row["Distillery"].strip())
    features = list(rows[0])[2:14]
    profiles = np.array([[float(row[feature]) for feature in features] for row in rows])
    model = artifact.Model(
        name="whisky",
        kind="nearest-neighbours",
        signature={
            "item": "whisky",
            "title": "Find your next whisky",
            "items": [row["Distillery"].strip() for row in rows],
            "features": features,
            "range": [0, 4],
            "aliases": {"Laphroaig": "Laphroig"},
            "descriptions": {"Laphroig": "Islay", "Ardbeg": "Islay", "Lagavulin": "Islay"},
        },
        params={"metric": "euclidean", "scaling": "none", "k": 5},
        arrays={
            "profiles": profiles,
            "vectors": profiles,
            "centre": np.zeros(len(features)),
            "spread": np.ones(len(features)),
        },
    )
    artifact.save(model, folder)
    return folder

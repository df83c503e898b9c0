"""The figures of a trained model, and the summary that the next data are compared with."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from pipelines.artifact import Model
from whisky import neighbours, scoring
from whisky.table import FEATURES

DIGITS = 4


def metrics(table: pd.DataFrame, model: Model, k: int = scoring.DEPTH) -> dict[str, float]:
    """Flat name to number. `precision` is at `k`; everything named `_at_5`, and so every gate, is at five.

    Shares are of 1; `hub_share_at_5` is the share of the other whiskies' lists that the most recommended one is in.
    Raises ValueError where `k` is no whole number from 1 to one less than the scored whiskies.
    """
    labels = table["wishart_class"].to_numpy(str)
    apart = neighbours.distances(model.arrays["vectors"], model.params["metric"])
    five = scoring.precision(apart, labels)
    lists = scoring.in_lists(apart)
    figures = {
        "whiskies": len(table),
        "scored_share": (labels != "").mean(),
        "k": k,
        "precision": scoring.precision(apart, labels, k).mean(),
        "precision_at_5": five.mean(),
        "precision_at_5_error": scoring.standard_error(five),
        "precision_at_random": scoring.random_precision(labels),
        "precision_at_5_of_weakest_class": min(scoring.by_class(five, labels).values()),
        "symmetry_at_5": scoring.symmetry(apart),
        "hub_share_at_5": lists.max() / (len(table) - 1),
        "never_recommended_at_5": (lists == 0).sum(),
    }
    return {name: _plain(value) for name, value in figures.items()}


def summary(table: pd.DataFrame, model: Model, figures: dict[str, float]) -> dict[str, Any]:
    """What a release leaves behind: each whisky's scores, class and place, the model's settings and its figures."""
    rows = zip(
        table["whisky"],
        table[FEATURES].to_numpy().tolist(),
        table["wishart_class"],
        table[["easting", "northing"]].to_numpy().tolist(),
        strict=True,
    )
    return {
        "features": list(FEATURES),
        "metrics": {name: value for name, value in figures.items() if name not in ("k", "precision")},
        "model": {"version": model.version, **model.params},
        "whiskies": {name: {"scores": scores, "class": label, "place": place} for name, scores, label, place in rows},
    }


def write_json(content: dict[str, Any], path: Path) -> None:
    """Write the same bytes for the same content: sorted keys, short lists on one line; aside and then renamed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_name(f".{path.name}")
    aside.write_text(_pretty(content) + "\n", encoding="utf-8")
    aside.replace(path)


def _pretty(value: Any, indent: str = "") -> str:
    """JSON with a line a whisky, so that a diff of two summaries can be read."""
    if not isinstance(value, dict) or not any(isinstance(inner, dict | float | int) for inner in value.values()):
        return json.dumps(value, sort_keys=True, ensure_ascii=False)
    inner = indent + " "
    lines = [f"{inner}{json.dumps(key, ensure_ascii=False)}: {_pretty(value[key], inner)}" for key in sorted(value)]
    return "{\n" + ",\n".join(lines) + "\n" + indent + "}"


def _plain(value: Any) -> float:
    number = round(float(value), DIGITS)
    return int(number) if isinstance(value, int | np.integer) else number

"""What a trained model has to be. Each function judges one thing and gives findings, none where all is well."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from pipelines.artifact import Model
from pipelines.findings import Finding
from whisky import neighbours, scoring, summary
from whisky.table import FEATURES

METRICS = "build/metrics.json"
# What the gate judges by; every other figure is worked out again all the same.
FIGURES = ("k", "scored_share", "precision_at_5", "precision_at_5_of_weakest_class", "symmetry_at_5")
RETRAIN = "Look at 04-evaluate in the run's report, then mend the data, the scaling or the metric"

# The peated malts of Islay's south coast: who likes one has to be shown another smoky one from Islay.
PEATED_ISLAY = ("Ardbeg", "Lagavulin", "Laphroaig")
SMOKY = 3

# Pairs that nobody would call alike: (whisky, never among its five).
STRANGERS = (("Laphroaig", "Auchentoshan"), ("Ardbeg", "Glenkinchie"), ("Macallan", "Lagavulin"))


def metrics_findings(folder: Path) -> list[Finding]:
    """Figures of build/metrics.json that are missing, or no finite numbers; comparing those would say nothing."""
    mend = "Run the evaluate step again: 04-evaluate writes the file"
    try:
        figures = read_metrics(folder)
    except FileNotFoundError:
        return [Finding(METRICS, "the file is missing", mend)]
    except ValueError as error:
        return [Finding(METRICS, f"it can't be read as JSON ({error})", mend)]
    if not isinstance(figures, dict):
        return [Finding(METRICS, "it is no mapping from names to numbers", mend)]
    lost = [Finding(f"{METRICS}, {name}", "the figure is missing", mend) for name in FIGURES if name not in figures]
    return lost + [
        Finding(f"{METRICS}, {name}, value {value!r}", "it is no finite number, so nothing can be judged by it", mend)
        for name, value in figures.items()
        if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) <= sys.float_info.max
    ]


def read_metrics(folder: Path) -> dict[str, float]:
    """The figures of notebook 4, as they stand."""
    figures: dict[str, float] = json.loads((folder / METRICS).read_text(encoding="utf-8"))
    return figures


def floor_findings(figures: dict[str, float], name: str, floor: float, setting: str) -> list[Finding]:
    """A figure below its floor."""
    if figures[name] >= floor:
        return []
    what = f"it is below its floor of {floor} ({setting} in params.yaml)"
    return [Finding(f"{METRICS}, {name}, value {figures[name]}", what, RETRAIN)]


def drop_findings(figures: dict[str, float], released: dict[str, Any], limit: float) -> list[Finding]:
    """Accuracy that fell too far below that of the release in released.json."""
    name = "precision_at_5"
    before = released["metrics"][name]
    if figures[name] >= before - limit:
        return []
    what = f"it is {before} in released.json, and may fall by {limit} (accuracy_drop in params.yaml)"
    return [Finding(f"{METRICS}, {name}, value {figures[name]}", what, RETRAIN)]


def figure_findings(table: pd.DataFrame, model: Model, figures: dict[str, float]) -> list[Finding]:
    """Figures that are not this model's: worked out again, they have to be the same."""
    again = summary.metrics(table, model, int(figures["k"]))
    return [
        Finding(
            f"{METRICS}, {name}, value {figures.get(name)}",
            f"worked out again from the model it is {value}",
            "Run the evaluate step again; if it stays so, 04-evaluate does not write what it finds",
        )
        for name, value in again.items()
        if figures.get(name) != value
    ]


def item_findings(table: pd.DataFrame, model: Model) -> list[Finding]:
    """Whiskies of the table that the model lacks, or the other way round, and profiles that differ."""
    items, names = model.signature["items"], table["whisky"].tolist()
    lost = [
        Finding(f"build/clean.csv, whisky {name}", "the model lacks it", "Train again")
        for name in names
        if name not in items
    ]
    extra = [
        Finding(f"model, whisky {name}", "the table lacks it", "Train again") for name in items if name not in names
    ]
    if lost or extra:
        return lost + extra
    expected = table.set_index("whisky").loc[items, model.signature["features"]].to_numpy(float)
    wrong = np.flatnonzero((expected != model.arrays["profiles"]).any(axis=1))
    return [
        Finding(f"model, whisky {items[row]}", "its scores are not the table's", "Train again on build/clean.csv")
        for row in wrong
    ]


def number_findings(model: Model) -> list[Finding]:
    """Arrays of the model with numbers that are none: nothing is near or far from those."""
    return [
        Finding(f"model, {name}", f"{np.sum(~np.isfinite(array))} of its numbers are not finite", "Mend the scaling")
        for name, array in model.arrays.items()
        if not np.isfinite(array).all()
    ]


def self_findings(lists: dict[str, list[str]]) -> list[Finding]:
    """A whisky recommended to those who asked for it, or one recommended twice."""
    own = [
        Finding(
            f"model, whisky {name}", "it is recommended to who asks for it", "Leave out the row itself, not distance 0"
        )
        for name, near in lists.items()
        if name in near
    ]
    twice = [
        Finding(f"model, whisky {name}", f"its list names one twice: {', '.join(near)}", "Mend the ranking")
        for name, near in lists.items()
        if len(set(near)) < len(near)
    ]
    return own + twice


def hub_findings(lists: dict[str, list[str]], limit: float) -> list[Finding]:
    """A whisky that turns up in too many lists."""
    counts = pd.Series([name for near in lists.values() for name in near]).value_counts()
    most = limit * (len(lists) - 1)
    what = f"of {len(lists) - 1} lists name it, and {most:.0f} may (hub_limit in params.yaml)"
    mend = "See whether its scores are all middling or wrong, and whether copies of it are in the data"
    return [
        Finding(f"model, whisky {name}", f"{count} {what}", mend) for name, count in counts.items() if not count <= most
    ]


def islay_findings(model: Model, lists: dict[str, list[str]]) -> list[Finding]:
    """A peated Islay malt among whose five there is no other smoky one from Islay."""
    smoky = dict(zip(model.signature["items"], model.arrays["profiles"][:, FEATURES.index("Smoky")], strict=True))
    regions = model.signature["descriptions"]
    company = {name for name, score in smoky.items() if regions[name] == "Islay" and score >= SMOKY}
    return [
        Finding(
            f"model, whisky {name}, recommends {', '.join(lists[name])}",
            "there is no other smoky malt from Islay among them",
            "Look at its scores for Smoky and Medicinal: has a row or a column changed places?",
        )
        for name in PEATED_ISLAY
        if name in lists and company - {name} and not set(lists[name]) & (company - {name})
    ]


def stranger_findings(lists: dict[str, list[str]]) -> list[Finding]:
    """Whiskies that are nothing alike, recommended for each other."""
    return [
        Finding(
            f"model, whisky {name}", f"it recommends {other}, which is nothing like it", "Look at both rows' scores"
        )
        for name, other in STRANGERS
        if other in lists.get(name, [])
    ]


def recommendations(model: Model, n: int = scoring.DEPTH) -> dict[str, list[str]]:
    """Each whisky's `n` nearest."""
    apart = neighbours.distances(model.arrays["vectors"], model.params["metric"])
    items = model.signature["items"]
    return {items[row]: [items[other] for other in near] for row, near in enumerate(neighbours.ranking(apart)[:, :n])}

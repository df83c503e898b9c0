"""How far the clean table has moved from the release in released.json. Each function judges one thing.

They give findings, none where all is well. There is no override. A big change that is meant is made by raising the
limit in params.yaml, in a reviewed commit. Comparisons are put so that one with NaN is a finding.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from pipelines.findings import Finding, stop_if
from whisky.table import FEATURES

Released = dict[str, Any]
FILE = "data/whiskies.csv"
RELEASED = "released.json"
CREPT = (
    "If they came or went over several releases, each within the limit, make the current one the measure: "
    "`stillhouse baseline`, and commit released.json"
)


def read_released(folder: Path) -> Released:
    """The summary of a release, released.json in `folder`; stops the gate where it is missing or not whole."""
    mend = "Restore it: git checkout -- released.json"
    try:
        released: Released = json.loads((folder / RELEASED).read_text(encoding="utf-8"), parse_constant=_refuse)
        _check(released)
    except FileNotFoundError:
        stop_if([Finding(RELEASED, "the summary of the release is missing", mend)])
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        stop_if([Finding(RELEASED, f"it is no summary of a release ({error!r})", mend)])
    return released


def row_findings(table: pd.DataFrame, released: Released, limit: float) -> list[Finding]:
    """Too many whiskies came or went."""
    now, before = set(table["whisky"]), set(released["whiskies"])
    findings = []
    for what, some in (("new", sorted(now - before)), ("gone", sorted(before - now))):
        if not len(some) <= limit * len(before):
            said = f"{len(some)} whiskies are {what} since {RELEASED} ({_few(some)}), and {limit:.0%} may be"
            findings.append(Finding(FILE, said, f"{_mend('drift_rows')}. {CREPT}"))
    return findings


def share_findings(table: pd.DataFrame, released: Released, limit: float) -> list[Finding]:
    """Too many whiskies have other scores than before."""
    now, before, kept = _scores(table, released)
    changed = [name for name, moved in zip(kept, (now != before).any(axis=1), strict=True) if moved]
    if len(changed) <= limit * len(kept):
        return []
    what = f"{len(changed)} of {len(kept)} whiskies have other scores than in {RELEASED} ({_few(changed)})"
    return [Finding(f"{FILE}, {_columns(now, before)}", f"{what}, and {limit:.0%} may", _mend("drift_changed"))]


def point_findings(table: pd.DataFrame, released: Released, limit: float) -> list[Finding]:
    """A whisky whose twelve scores moved by too much, added up."""
    now, before, kept = _scores(table, released)
    findings = []
    for row in np.flatnonzero(~(np.abs(now - before).sum(axis=1) <= limit)):
        moved = [
            f"{feature} {old} to {new}"
            for feature, old, new in zip(FEATURES, before[row], now[row], strict=True)
            if old != new
        ]
        points = np.abs(now[row] - before[row]).sum()
        what = f"its scores moved by {points} points since {RELEASED}, and {limit:g} may"
        findings.append(Finding(f"{FILE}, whisky {kept[row]}, {', '.join(moved)}", what, _mend("drift_points")))
    return findings


def column_findings(table: pd.DataFrame, released: Released, limit: float) -> list[Finding]:
    """A column whose mean moved by too much."""
    before = np.array([entry["scores"] for entry in released["whiskies"].values()]).mean(axis=0)
    now = table[FEATURES].to_numpy(float).mean(axis=0)
    return [
        Finding(
            f"{FILE}, column {feature}, mean {new:.2f}",
            f"it was {old:.2f} in {RELEASED}, and may move by {limit:g}; are two headers swapped?",
            _mend("drift_column"),
        )
        for feature, old, new in zip(FEATURES, before, now, strict=True)
        if not abs(new - old) <= limit
    ]


def class_findings(table: pd.DataFrame, released: Released, limit: float) -> list[Finding]:
    """Too many whiskies are in another class than before."""
    before = {name: entry["class"] for name, entry in released["whiskies"].items() if entry["class"]}
    now = dict(zip(table["whisky"], table["wishart_class"], strict=True))
    kept = [name for name in before if now.get(name)]
    changed = [f"{name} {before[name]} to {now[name]}" for name in kept if now[name] != before[name]]
    if len(changed) <= limit * len(kept):
        return []
    what = f"{len(changed)} of {len(kept)} whiskies changed class since {RELEASED} ({_few(changed)})"
    where = "data/wishart_classes.csv, column wishart_class"
    return [Finding(where, f"{what}, and {limit:.0%} may", _mend("drift_classes"))]


def place_findings(table: pd.DataFrame, released: Released, limit: float) -> list[Finding]:
    """A distillery that moved too far."""
    findings = []
    for name, easting, northing in table[["whisky", "easting", "northing"]].itertuples(index=False):
        if name not in released["whiskies"]:
            continue
        old = released["whiskies"][name]["place"]
        metres = float(np.hypot(easting - old[0], northing - old[1]))
        if not metres <= limit:
            where = f"{FILE}, whisky {name}, columns Latitude and Longitude, values {easting} and {northing}"
            what = f"it stood {metres / 1000:.0f} km from there in {RELEASED} ({old[0]}, {old[1]})"
            findings.append(Finding(where, what, _mend("drift_metres")))
    return findings


def _check(released: Released) -> None:
    """Raise ValueError, KeyError, TypeError or AttributeError where a part that later checks lean on is not there."""
    if released["features"] != FEATURES:
        raise ValueError(f"its features are {released['features']}")
    if not released["whiskies"]:
        raise ValueError("it has no whiskies")
    for name, entry in released["whiskies"].items():
        numbers = [*entry["scores"], *entry["place"]]
        whole = len(entry["scores"]) == len(FEATURES) and len(entry["place"]) == 2 and isinstance(entry["class"], str)
        if not whole or not all(type(number) in (int, float) for number in numbers):
            raise ValueError(f"{name} is not whole")
    if type(released["metrics"]["precision_at_5"]) not in (int, float):
        raise ValueError("its precision_at_5 is no number")


def _refuse(constant: str) -> None:
    raise ValueError(f"there is {constant} in it")


def _scores(table: pd.DataFrame, released: Released) -> tuple[Any, Any, list[str]]:
    """The scores now and before, (M, F) each, and the M whiskies that are in both."""
    kept = [name for name in table["whisky"] if name in released["whiskies"]]
    now = table.set_index("whisky").loc[kept, FEATURES].to_numpy(int)
    before = np.array([released["whiskies"][name]["scores"] for name in kept], dtype=int).reshape(len(kept), -1)
    return now, before, kept


def _columns(now: Any, before: Any) -> str:
    moved = [feature for feature, changed in zip(FEATURES, (now != before).any(axis=0), strict=True) if changed]
    return f"columns {', '.join(moved)}" if len(moved) < len(FEATURES) else "all scores"


def _few(some: list[str]) -> str:
    return ", ".join(some[:5]) + (", …" if len(some) > 5 else "")


def _mend(limit: str) -> str:
    return f"Undo the change; if it is meant, raise {limit} in params.yaml in a reviewed commit (there is no override)"

"""Generated deliveries: plausible, seeded, with known answers, for tests that must not lean on the real file."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pandas as pd

from whisky.table import COLUMNS, FEATURES, LABEL_COLUMNS, LEAST, MOST

# No first part looks like another, nor does any last one, so that no two names do.
FIRST = (
    "Auchter",
    "Balmo",
    "Craigen",
    "Dunfer",
    "Fettes",
    "Inver",
    "Kilmar",
    "Lochan",
    "Morth",
    "Rossie",
    "Strath",
    "Tully",
)
LAST = ("aber", "brook", "corrie", "dallan", "field", "garth", "hullish", "moss", "nevis", "quoich", "toul", "wyck")


def delivery(
    whiskies: int = 80, classes: int = 8, seed: int = 0, noise: float = 0.6
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """(raw, labels) as `table.read_raw` gives them: `classes` flavour profiles, each whisky one of them plus `noise`.

    With noise 0 every whisky has its class's very profile. Raises ValueError for more than 144 whiskies.
    """
    if whiskies > len(FIRST) * len(LAST):
        raise ValueError(f"{whiskies} whiskies asked for, and there are names for {len(FIRST) * len(LAST)}")
    rng = np.random.default_rng(seed)
    called = rng.permutation([f"{first}{last}" for first in FIRST for last in LAST])[:whiskies]
    belongs = np.arange(whiskies) % classes
    profiles = rng.uniform(LEAST, MOST, (classes, len(FEATURES)))[belongs]
    scores = np.clip(np.rint(profiles + rng.normal(0, noise, profiles.shape)), LEAST, MOST).astype(int)
    raw = pd.DataFrame(scores, columns=FEATURES).astype(str)
    raw["RowID"] = [f"{row:02}" for row in range(1, whiskies + 1)]
    raw["Distillery"] = called
    codes = rng.permutation(450)[:whiskies]  # none twice: one postcode and one profile make one whisky
    raw["Postcode"] = [f" \tAB{10 + code // 9} {1 + code % 9}XY" for code in codes]
    raw["Latitude"] = [f" {east}" for east in rng.integers(200_000, 400_000, whiskies)]
    raw["Longitude"] = rng.integers(600_000, 900_000, whiskies).astype(str)
    labels = pd.DataFrame({"distillery": called, "wishart_class": [chr(ord("A") + number) for number in belongs]})
    lines = pd.RangeIndex(2, whiskies + 2, name="line")
    return raw[COLUMNS].set_index(lines), labels[LABEL_COLUMNS].set_index(lines)


def write(delivered: pd.DataFrame, path: Path) -> None:
    """Write a delivery as the file it came from."""
    buffer = io.StringIO()
    delivered.to_csv(buffer, index=False, lineterminator="\n")
    path.write_text(buffer.getvalue(), encoding="utf-8")

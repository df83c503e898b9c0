"""The raw file, and the clean table made of it, with a list of every repair.

Both files are read as text first: what a cell says is the contract's business, and nothing is guessed on the way in.
"""

from __future__ import annotations

import csv
import io
from pathlib import Path

import numpy as np
import pandas as pd

from whisky import names, places

FEATURES = [
    *("Body", "Sweetness", "Smoky", "Medicinal", "Tobacco", "Honey"),
    *("Spicy", "Winey", "Nutty", "Malty", "Fruity", "Floral"),
]
LEAST, MOST = 0, 4
COLUMNS = ["RowID", "Distillery", *FEATURES, "Postcode", "Latitude", "Longitude"]
LABEL_COLUMNS = ["distillery", "wishart_class"]

# The headers lie: below them are metres on the Ordnance Survey's grid.
RENAMED = {"Distillery": "whisky", "Postcode": "postcode", "Latitude": "easting", "Longitude": "northing"}


def read_text(path: Path) -> str:
    """The file as UTF-8 text with `\\n` for line ends; raises UnicodeDecodeError where it is something else."""
    return io.StringIO(path.read_bytes().decode("utf-8-sig"), newline=None).read()


def read_raw(path: Path) -> pd.DataFrame:
    """The rows of a delivered file as they stand: text cells under stripped headers, indexed by line number.

    Raises ValueError where a row has not as many cells as the header: no cell may land under a wrong header.
    """
    reader = csv.reader(io.StringIO(read_text(path)), strict=True)
    header = [cell.strip() for cell in next(reader, [])]
    rows, lines = [], []
    for row in reader:
        if len(row) != len(header):
            raise ValueError(f"{path.name}, line {reader.line_num}: {len(row)} cells under {len(header)} headers")
        rows.append(row)
        lines.append(reader.line_num)
    return pd.DataFrame(rows, columns=header, index=pd.Index(lines, name="line"), dtype=str)


def clean(raw: pd.DataFrame, labels: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The tidy table, one row a whisky in order of name, and the repairs that led to it.

    `raw` and `labels` are as `read_raw` gives them, after the contract. The table has whisky, region, wishart_class
    ("" where none is published), the twelve scores (int8), postcode, easting and northing (m), latitude and
    longitude (degrees). The repairs have line, column, raw, clean and why.
    """
    tidy = raw.apply(lambda column: column.str.strip())
    tidy["Distillery"] = raw["Distillery"].map(names.proper_name)
    table = tidy.rename(columns=RENAMED)
    table[FEATURES] = table[FEATURES].astype(np.int8)
    table[["easting", "northing"]] = table[["easting", "northing"]].astype(np.int64)
    latitude, longitude = places.to_degrees(table["easting"].to_numpy(float), table["northing"].to_numpy(float))
    table["latitude"], table["longitude"] = latitude, longitude
    table["region"] = [places.region(*where) for where in zip(table["easting"], table["northing"], strict=True)]
    table["wishart_class"] = table["whisky"].map(classes(labels)).fillna("")
    columns = ["whisky", "region", "wishart_class", *FEATURES]
    columns += ["postcode", "easting", "northing", "latitude", "longitude"]
    table = table[columns].sort_values("whisky", ignore_index=True)
    return table, repairs(raw, tidy)


def classes(labels: pd.DataFrame) -> dict[str, str]:
    """Whisky to its published class, under the proper name."""
    keys = labels["distillery"].map(names.proper_name)
    return dict(zip(keys, labels["wishart_class"].str.strip(), strict=True))


def repairs(raw: pd.DataFrame, tidy: pd.DataFrame) -> pd.DataFrame:
    """Every cell that `tidy` has otherwise than `raw`: line, column, raw, clean, why; headers first (line 1)."""
    found = [(1, old, old, new, _why_renamed(old)) for old, new in RENAMED.items()]
    for column in raw.columns:
        changed = raw.index[raw[column] != tidy[column]]
        found += [
            (
                line,
                column,
                raw.at[line, column],
                tidy.at[line, column],
                _why(raw.at[line, column], tidy.at[line, column]),
            )
            for line in changed
        ]
    return pd.DataFrame(sorted(found), columns=["line", "column", "raw", "clean", "why"])


def write_csv(table: pd.DataFrame, path: Path) -> None:
    """Write a table the same way everywhere: UTF-8, `\\n`, no index, aside and then renamed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_name(f".{path.name}")
    table.to_csv(aside, index=False, lineterminator="\n")
    aside.replace(path)


def read_clean(path: Path) -> pd.DataFrame:
    """The clean table as `write_csv` left it."""
    types = dict.fromkeys(FEATURES, np.int8)
    return pd.read_csv(path, dtype=types, keep_default_na=False)


def _why_renamed(old: str) -> str:
    return "metres on the grid, not degrees" if old in ("Latitude", "Longitude") else "plain lower case"


def _why(raw: str, clean: str) -> str:
    if raw.split() == clean.split():
        return "stray blanks"
    return "joined words" if names.squash(raw) == names.squash(clean) else "misspelt or unusual name"

"""The data contract in pandera: what every cell of the raw file, and every value of the clean table, may be."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd
import pandera.pandas as pa

from pipelines.findings import Finding
from whisky import places
from whisky.contract import where
from whisky.table import FEATURES, LEAST, MOST

Rule = tuple[str, str, str]  # name, what is wrong, what to do

SCORE_MEND = f"Enter a whole number from {LEAST} to {MOST}"
POSTCODE = r"[A-Z]{1,2}[0-9][0-9A-Z]? [0-9][A-Z]{2}"


def raw_schema() -> pa.DataFrameSchema:
    """The delivered table, all text, blanks around cells allowed."""
    return pa.DataFrameSchema(
        {
            "RowID": pa.Column(str, _text(r"[0-9]+", "this is no row number", "Number the row")),
            **{feature: pa.Column(str, _score_checks()) for feature in FEATURES},
            "Postcode": pa.Column(str, _text(POSTCODE, "this is no postcode", "Enter a British postcode")),
            "Latitude": pa.Column(str, _metres("easting", places.EASTING)),
            "Longitude": pa.Column(str, _metres("northing", places.NORTHING)),
        }
    )


def label_schema() -> pa.DataFrameSchema:
    """The delivered classes, all text."""
    return pa.DataFrameSchema(
        {
            "distillery": pa.Column(str, _text(r".+", "there is no name", "Name the whisky, or take the row out")),
            "wishart_class": pa.Column(str, _text(r"[A-J]", "this is none of the classes A to J", "Enter the class")),
        }
    )


def clean_schema() -> pa.DataFrameSchema:
    """The clean table: types, ranges, and each whisky once."""
    regions = {name for name, _ in places.REGIONS} | {"Highland", "Lowland"}
    return pa.DataFrameSchema(
        {
            "whisky": pa.Column(str, unique=True),
            "region": pa.Column(str, pa.Check.isin(regions)),
            "wishart_class": pa.Column(str, pa.Check.str_matches(r"^[A-J]?$")),
            **{feature: pa.Column("int8", pa.Check.in_range(LEAST, MOST)) for feature in FEATURES},
            "postcode": pa.Column(str, pa.Check.str_matches(f"^{POSTCODE}$")),
            "easting": pa.Column("int64", pa.Check.in_range(*places.EASTING)),
            "northing": pa.Column("int64", pa.Check.in_range(*places.NORTHING)),
            "latitude": pa.Column(float, pa.Check.in_range(54.5, 61.0)),
            "longitude": pa.Column(float, pa.Check.in_range(-8.7, -0.7)),
        },
        strict=True,
        ordered=True,
    )


def findings(schema: pa.DataFrameSchema, table: pd.DataFrame, file: str, name: str) -> list[Finding]:
    """What `schema` finds in `table`, whose index holds line numbers and whose column `name` holds names."""
    try:
        schema.validate(table, lazy=True)
    except pa.errors.SchemaErrors as errors:
        return [_finding(case, table, file, name) for case in errors.failure_cases.to_dict("records")]
    return []


def _finding(case: dict[str, object], table: pd.DataFrame, file: str, name: str) -> Finding:
    what, _, mend = str(case["check"]).partition(" | ")
    line, column, value = case["index"], str(case["column"]), str(case["failure_case"])
    if line not in table.index:
        return Finding(f"{file}, column {column}, value {value!r}", what, mend or "Mend the column")
    whisky = str(table.at[line, name]).strip()[:40]
    return Finding(where(file, line, column, value), f"{what} ({whisky})", mend or "Mend the value")


def _score_checks() -> list[pa.Check]:
    """One finding a cell, the most telling: each check lets pass what an earlier one has caught."""
    return [
        _check(lambda cells: cells.str.strip() != "", "the score is blank", SCORE_MEND),
        _check(
            lambda cells: cells.str.strip().eq("") | cells.str.fullmatch(r"\s*[-+]?[0-9]*\.?[0-9]+\s*"),
            "the score is no number",
            SCORE_MEND,
        ),
        _check(
            lambda cells: ~cells.str.fullmatch(r"\s*[-+]?[0-9]*\.[0-9]+\s*"), "the score is no whole number", SCORE_MEND
        ),
        _check(
            lambda cells: ~cells.str.fullmatch(r"\s*[-+]?[0-9]+\s*") | cells.str.fullmatch(r"\s*[0-4]\s*"),
            f"the score is not from {LEAST} to {MOST}",
            SCORE_MEND,
        ),
    ]


def _metres(axis: str, limits: tuple[int, int]) -> list[pa.Check]:
    number = r"\s*[0-9]{1,7}\s*"
    least, most = limits
    return [
        _check(lambda cells: cells.str.fullmatch(number), f"this is no {axis}", "Enter whole metres on the grid"),
        _check(
            lambda cells: ~cells.str.fullmatch(number) | pd.to_numeric(cells, errors="coerce").between(least, most),
            f"an {axis} of Scotland is from {least} to {most} m".replace("an n", "a n"),
            "Enter metres on the Ordnance Survey's grid; the limits are in whisky/places.py",
        ),
    ]


def _text(pattern: str, what: str, mend: str) -> pa.Check:
    return _check(lambda cells: cells.str.strip().str.fullmatch(pattern), what, mend)


def _check(rule: Callable[[pd.Series], pd.Series], what: str, mend: str) -> pa.Check:
    return pa.Check(rule, error=f"{what} | {mend}")

"""What a delivered file must be, before anything is made of it. Functions give findings, none where all is well."""

from __future__ import annotations

import codecs
import csv
import io
import unicodedata
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from pipelines.findings import WAITS, Finding, stop_if
from whisky import names
from whisky.table import FEATURES, read_text

ASK = "Ask for the file again, or restore the last good one: git checkout -- data"
# The csv module gives up on longer cells by itself; nothing here is near that.
SHOWN = 60


def structure(path: Path, columns: Sequence[str]) -> list[Finding]:
    """Whether the file can be read at all and has these columns, in any order, with a cell for each in every row.

    Later checks stand on earlier ones, so the first kind of trouble found is the only one reported.
    """
    return _content(path) or _table(path, columns)


def name_findings(raw: pd.DataFrame, file: str) -> list[Finding]:
    """Names that can't be a distillery's: markup, control characters, the debris of a wrong encoding, endless ones."""
    return [
        Finding(
            where(file, line, "Distillery", name),
            f"this is no distillery's name: {_why_implausible(name.strip())}",
            "Write the name as on the bottle, in UTF-8, or take the row out",
        )
        for line, name in raw["Distillery"].items()
        if not names.is_plausible(name.strip())
    ]


def twin_findings(raw: pd.DataFrame, file: str) -> list[Finding]:
    """The same whisky twice: by the same name, another spelling of it, a likely misspelling, or its place and taste."""
    found = raw["Distillery"].str.strip().tolist()
    codes = ["".join(postcode.split()).upper() for postcode in raw["Postcode"]]
    profiles = _scores(raw).to_numpy().tolist()
    marks = [frozenset({code, " ".join(scores)}) for code, scores in zip(codes, profiles, strict=True)]
    alike = dict.fromkeys(names.lookalikes(found, marks), "")
    double = dict.fromkeys(_doubles(found, codes, profiles), ": same postcode, same scores")
    return [
        Finding(
            where(file, raw.index[second], "Distillery", found[second]),
            f"the same whisky stands in line {raw.index[first]} as {found[first]!r}{why}",
            "Keep one of the two rows; if they are two distilleries, add the pair to DISTINCT in whisky/names.py",
        )
        for (first, second), why in {**double, **alike}.items()
    ]


def count_findings(raw: pd.DataFrame, file: str, least: float, most: float) -> list[Finding]:
    """Too few or too many rows."""
    if least <= len(raw) <= most:
        return []
    mend = (
        "Check that the whole file and no other was delivered; the limits rows_least and rows_most are in params.yaml"
    )
    return [Finding(file, f"it has {len(raw)} whiskies, and {least} to {most} are expected", mend)]


def content_findings(raw: pd.DataFrame, file: str) -> list[Finding]:
    """Scores that say nothing: a whisky of zeros, or a column with one value for all."""
    scores = _scores(raw)
    every = f"{FEATURES[0]} to {FEATURES[-1]}"
    if len(scores.drop_duplicates()) == 1:
        profile = " ".join(scores.iloc[0])
        what = f"all {len(raw)} whiskies have the same scores"
        return [Finding(f"{file}, columns {every}, value {profile!r}", what, "Ask for the true scores")]
    return [
        Finding(
            f"{file}, column {feature}, value {scores[feature].iloc[0]!r}",
            f"all {len(raw)} whiskies have the same {feature}",
            "Fill in the true scores: a column that never differs says nothing about taste",
        )
        for feature in FEATURES
        if scores[feature].nunique() == 1
    ] + [
        Finding(
            where(file, line, every, "0"),
            f"all twelve scores of {_short(raw.at[line, 'Distillery'].strip())} are zero",
            "Fill in its scores, or take the row out",
        )
        for line in raw.index[(scores == "0").all(axis=1)]
    ]


def copy_findings(raw: pd.DataFrame, file: str, most: float) -> list[Finding]:
    """More whiskies with the very same twelve scores than chance would make."""
    profiles = _scores(raw).agg(" ".join, axis=1)
    findings = []
    for profile, count in Counter(profiles).items():
        if count <= most:
            continue
        rows = raw[profiles == profile]
        lines = ", ".join(map(str, rows.index[:5])) + (", …" if count > 5 else "")
        called = ", ".join(_short(name.strip()) for name in rows["Distillery"].head(5))
        findings.append(
            Finding(
                f"{file}, lines {lines}, all scores, value {profile}",
                f"{count} whiskies have the very same scores ({called}{', …' if count > 5 else ''})",
                f"Take the copies out; up to {most} may agree by chance (same_profile_most in params.yaml)",
            )
        )
    return findings


def label_findings(labels: pd.DataFrame, raw: pd.DataFrame, file: str, stray: float) -> list[Finding]:
    """Labels given twice, or for too many whiskies that are not in the table."""
    keys = [names.squash(names.proper_name(name)) for name in labels["distillery"]]
    twice = [
        Finding(
            where(file, labels.index[row], "distillery", labels["distillery"].iloc[row]),
            f"it already has a class in line {labels.index[keys.index(keys[row])]}",
            "Keep the right one of the two rows",
        )
        for row in range(len(keys))
        if keys.index(keys[row]) < row
    ]
    known = {names.squash(names.proper_name(name)) for name in raw["Distillery"]}
    lost = [row for row, key in enumerate(keys) if key not in known]
    if len(lost) <= stray * len(keys):
        return twice
    return twice + [
        Finding(
            where(file, labels.index[row], "distillery", labels["distillery"].iloc[row]),
            f"there is no such whisky in whiskies.csv, one of {len(lost)} labels without one",
            "Spell it as in whiskies.csv, or take the label out; labels_stray in params.yaml is the limit",
        )
        for row in lost
    ]


def stop_behind(findings: Sequence[Finding], file: str) -> None:
    """Stop, pointing at the check that says more, where `findings` about `file` stand in the way of this one."""
    if findings:
        what = f"{WAITS} ({findings[0].what}: {findings[0].where})"
        stop_if([Finding(file, what, "Mend that first")])


def where(file: str, line: object, column: str, value: str) -> str:
    """File, line, column and value, as every finding names them."""
    return f"{file}, line {line}, column {column}, value {_short(value)!r}"


def _content(path: Path) -> list[Finding]:
    """Bytes: there, UTF-8, and whole to the last line's end."""
    file = f"data/{path.name}"
    if not path.is_file():
        return [Finding(file, "the file is missing", ASK)]
    content = path.read_bytes()
    if not content.removeprefix(codecs.BOM_UTF8).strip():
        return [Finding(file, "the file is empty", ASK)]
    try:
        content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        kind = "UTF-16" if content[:2] in (b"\xff\xfe", b"\xfe\xff") else "another encoding"
        value = content[max(0, error.start - 10) : error.start + 10].decode("latin-1")
        return [
            Finding(
                f"{file}, line {line}, byte {error.start}, value {value!r}",
                f"this is not UTF-8 but {kind}, so names would be mangled",
                "Save the file as UTF-8",
            )
        ]
    if b"\0" in content:
        line = content.count(b"\n", 0, content.index(b"\0")) + 1
        return [
            Finding(f"{file}, line {line}", "there is a NUL byte, so this is UTF-16 or no text", "Save it as UTF-8")
        ]
    if not content.endswith((b"\n", b"\r")):
        last = content.splitlines()[-1].decode("utf-8", "replace")
        line = len(content.splitlines())
        what = "the last line does not end, so the file may be cut short"
        return [
            Finding(f"{file}, line {line}, value {_short(last)!r}", what, ASK + " (or end the line, if it is whole)")
        ]
    return []


def _table(path: Path, columns: Sequence[str]) -> list[Finding]:
    file = f"data/{path.name}"
    reader = csv.reader(io.StringIO(read_text(path)), strict=True)
    rows: list[tuple[int, list[str]]] = []
    try:
        rows += ((reader.line_num, row) for row in reader)
    except csv.Error as error:
        return [
            Finding(f"{file}, line {reader.line_num}", f"it can't be read as CSV ({error})", "Mend the quotes there")
        ]
    header = [cell.strip() for cell in rows[0][1]]
    return _header(file, header, rows[1:], columns) or _widths(file, header, rows[1:])


def _header(file: str, header: list[str], rows: list[tuple[int, list[str]]], columns: Sequence[str]) -> list[Finding]:
    findings = [
        Finding(f"{file}, line 1, column {column}", "the column is missing", "Restore it, with its header spelt so")
        for column in columns
        if column not in header
    ]
    for place, name in enumerate(header):
        if name in columns and header.index(name) == place:
            continue
        first = next(((line, row[place]) for line, row in rows if len(row) > place and row[place].strip()), None)
        holds = f"; it holds {_short(first[1])!r} in line {first[0]}" if first else ""
        what = f"column {place + 1} has no name" if not name else f"column {place + 1} is no column of the contract"
        if name in columns:
            what = f"column {place + 1} has the name of another"
        mend = "Take the column out, or add it to COLUMNS in whisky/table.py in a reviewed commit"
        findings.append(Finding(f"{file}, line 1, column {place + 1}, value {_short(name)!r}", what + holds, mend))
    return findings


def _widths(file: str, header: list[str], rows: list[tuple[int, list[str]]]) -> list[Finding]:
    findings = []
    for line, row in rows:
        if len(row) == len(header):
            continue
        if not row:
            findings.append(Finding(f"{file}, line {line}", "the line is empty", "Take the line out"))
        elif len(row) < len(header):
            at = f"{file}, line {line}, column {header[len(row)]}, value {_short(row[-1])!r}"
            what = f"the line ends after {len(row)} of {len(header)} cells, so it is cut short"
            findings.append(Finding(at, what, ASK))
        else:
            at = f"{file}, line {line}, column {len(header) + 1}, value {_short(row[len(header)])!r}"
            what = f"the line has {len(row)} cells under {len(header)} headers"
            findings.append(Finding(at, what, "Take the extra cells out"))
    return findings


def _doubles(called: list[str], codes: list[str], profiles: list[list[str]]) -> list[tuple[int, int]]:
    """Index pairs with the same postcode and the very same scores, whatever their names."""
    at: dict[tuple[str, ...], list[int]] = {}
    for row, (code, profile) in enumerate(zip(codes, profiles, strict=True)):
        at.setdefault((code, *profile), []).append(row)
    return [
        (first, second)
        for first, *others in at.values()
        for second in others
        if not names.known_distinct(called[first], called[second])
    ]


def _scores(raw: pd.DataFrame) -> pd.DataFrame:
    return raw[FEATURES].apply(lambda column: column.str.strip())


def _why_implausible(name: str) -> str:
    if not name:
        return "it is blank"
    if len(name) > names.LONGEST:
        return f"it has {len(name)} characters, and {names.LONGEST} are plenty"
    odd = sorted({letter for letter in name if not names.PLAUSIBLE.fullmatch(f"A{letter}")})
    if any(letter in "ÃÂ�" or (unicodedata.category(letter) == "Cc" and ord(letter) > 127) for letter in odd):
        return f"{''.join(odd)!r} in it comes from a wrong encoding"
    if any(not letter.isprintable() for letter in odd):
        return f"it has control characters: {''.join(odd)!r}"
    return f"{''.join(odd)!r} can't be in one" if odd else "it is too short, or begins with no letter"


def _short(value: str) -> str:
    return value if len(value) <= SHOWN else f"{value[:SHOWN]}…"

"""The analysis's params.yaml: what each setting may be, and its values for the gates.

The notebooks get theirs from the pipeline. A limit that is no number would switch its check off, so a gate that reads
settings judges all of them first.
"""

from __future__ import annotations

import difflib
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pipelines.findings import Finding
from whisky import neighbours, yamlfile

FILE = "params.yaml"
Settings = dict[str, Any]
Kind = tuple[str, Callable[[Any], bool]]  # what is expected, in words; whether a value is that


def one_of(*words: str) -> Kind:
    """One of some words."""
    return f"one of {', '.join(words)}", lambda value: isinstance(value, str) and value in words


def number(least: float, most: float) -> Kind:
    """A number, bounds included; neither text, nor true or false, nor one without a size."""
    return f"a number from {least} to {most}", lambda value: _is_number(value) and least <= value <= most


def whole(least: int, most: int) -> Kind:
    """A whole number, bounds included."""
    expected = f"a whole number from {least} to {most}"
    return expected, lambda value: _is_number(value) and isinstance(value, int) and least <= value <= most


SHARE = number(0, 1)
SETTINGS: dict[str, Kind] = {
    "metric": one_of(*neighbours.METRICS),
    "scaling": one_of(*neighbours.SCALINGS),
    "k": whole(1, 149),  # at most one less than the whiskies; the functions that use it know how many there are
    "accuracy_floor": SHARE,
    "accuracy_drop": SHARE,
    "class_floor": SHARE,
    "scored_floor": SHARE,
    "symmetry_floor": SHARE,
    "hub_limit": SHARE,
    "rows_least": whole(6, 10_000),
    "rows_most": whole(6, 10_000),
    "labels_stray": SHARE,
    "same_profile_most": whole(1, 150),
    "drift_rows": SHARE,
    "drift_changed": SHARE,
    "drift_points": number(0, 48),  # twelve scores, four points each
    "drift_column": number(0, 4),
    "drift_classes": SHARE,
    "drift_metres": number(0, 1_000_000),  # farther than Scotland is long
}


def read_settings(folder: Path) -> Settings:
    """The flat name-to-value settings of the analysis in `folder`. Raises ValueError, with all that is wrong."""
    wrong = findings(folder)
    if wrong:
        raise ValueError("\n".join(map(str, wrong)))
    return dict(yamlfile.read(folder / FILE)[0])


def findings(folder: Path) -> list[Finding]:
    """Settings that are missing, unknown, of the wrong kind or out of bounds."""
    given, wrong = yamlfile.read(folder / FILE)
    if wrong:
        return wrong
    wrong = [
        Finding(f"{FILE}, {name}", "the setting is missing", f"Add `{name}:` with {expected}")
        for name, (expected, _) in SETTINGS.items()
        if name not in given
    ]
    for name, value in given.items():
        at = f"{FILE}, line {yamlfile.line_of(given, name)}, {name}, value {_shown(value)}"
        if name not in SETTINGS:
            wrong.append(Finding(at, "there is no such setting", _mend_unknown(str(name))))
        elif not SETTINGS[name][1](value):
            expected = SETTINGS[name][0]
            wrong.append(Finding(at, f"{expected} is expected, {_but(value)}", _mend(name, value, expected)))
    return wrong or _crossed(given)


def _crossed(given: Settings) -> list[Finding]:
    least, most = given["rows_least"], given["rows_most"]
    if least <= most:
        return []
    where = f"{FILE}, line {yamlfile.line_of(given, 'rows_least')}, rows_least, value {least}"
    return [Finding(where, f"it is more than rows_most, {most}, so no file could pass", "Swap or mend the two")]


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and _is_finite(value)


def _is_finite(value: float) -> bool:
    return abs(value) <= sys.float_info.max  # math.isfinite can't take a whole number of any length


def _shown(value: Any) -> str:
    """As it may be found in the file: nothing, .nan, or the value itself."""
    if value is None:
        return "''"
    if isinstance(value, float):
        return repr(float(value)) if _is_finite(value) else f".{value:g}".replace(".-", "-.")
    shown = repr(value)
    return shown if len(shown) <= 60 else f"{shown[:60]}…"


def _but(value: Any) -> str:
    if value is None:
        return "but nothing stands there"
    if isinstance(value, bool):
        return "but this is true or false"
    if isinstance(value, str):
        return "but this is text" if _as_number(value) is not None else "and this is not one"
    if isinstance(value, int | float):
        return "and this is not one" if _is_finite(value) else "but this is no size"
    return "but this is a list or a mapping"


def _mend(name: str, value: Any, expected: str) -> str:
    meant = _as_number(value) if isinstance(value, str) else None
    if meant is not None and SETTINGS[name][1](meant):
        return f"Write it with a point and without quotes: {name}: {meant}"
    return f"Give {expected}"


def _as_number(text: str) -> float | None:
    try:
        number = float(text.strip().replace(",", "."))
    except ValueError:
        return None
    return int(number) if _is_finite(number) and number == int(number) else number


def _mend_unknown(name: str) -> str:
    near = difflib.get_close_matches(name, SETTINGS, 1)
    known = f"Is {near[0]} meant? Otherwise t" if near else "T"
    return f"{known}ake it out, or say in whisky/settings.py what it may be"

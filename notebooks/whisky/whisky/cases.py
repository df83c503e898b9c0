"""The cases of acceptance.yaml: read, and judged before anything is asked of the service."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from pipelines.findings import Finding
from whisky import yamlfile

FILE = "acceptance.yaml"
MOST = 20  # neighbours that the service gives at once
Case = dict[str, Any]
Check = tuple[str, Callable[[Any], bool]]

TEXT: Check = ("text", lambda value: isinstance(value, str) and bool(value.strip()))
COUNT: Check = (
    f"a whole number from 1 to {MOST}",
    lambda value: isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= MOST,
)
KINDS: dict[str, dict[str, Check]] = {
    "recommends": {"name": TEXT, "whisky": TEXT, "expect": TEXT, "among": COUNT},
    "suggests": {"name": TEXT, "whisky": TEXT, "suggest": TEXT},
}


def read_cases(path: Path) -> dict[str, list[Case]]:
    """The cases of acceptance.yaml, by kind, each with the number of its line; for a file without `findings`."""
    content = yamlfile.read(path)[0]
    return {
        kind: [{**case, "line": yamlfile.line_of(content[kind], row)} for row, case in enumerate(content[kind])]
        for kind in KINDS
    }


def findings(path: Path) -> list[Finding]:
    """What is wrong with the file itself: keys missing, unknown or of the wrong kind, or no cases at all."""
    content, wrong = yamlfile.read(path)
    if wrong:
        return wrong
    for kind in KINDS:
        if kind not in content:
            wrong.append(Finding(f"{FILE}, key {kind!r}", "it is missing", f"Add it, with a list of cases: `{kind}:`"))
    for key in content:
        at = f"{FILE}, line {yamlfile.line_of(content, key)}, key {key!r}"
        if key not in KINDS:
            wrong.append(Finding(at, "there is no such kind of case", f"Use {' or '.join(KINDS)}, or take it out"))
        elif not isinstance(content[key], list):
            wrong.append(
                Finding(at, "a list of cases is expected", "Begin each case's line with `- {` and end it with `}`")
            )
        elif not content[key]:
            wrong.append(
                Finding(at, "there is no case, so nothing is checked", "Add one; what a case is, its comment says")
            )
        else:
            wrong += _list_findings(key, content[key])
    return wrong


def _list_findings(kind: str, cases: Any) -> list[Finding]:
    found = []
    for row, case in enumerate(cases):
        at = f"{FILE}, line {yamlfile.line_of(cases, row)}"
        if isinstance(case, dict):
            found += _case_findings(at, KINDS[kind], case)
        else:
            mend = f"Write `- {{ {', '.join(f'{key}: …' for key in KINDS[kind])} }}`"
            found.append(Finding(f"{at}, value {case!r}", f"this is no case of {kind}", mend))
    return found


def _case_findings(at: str, keys: dict[str, Check], case: Case) -> list[Finding]:
    at = f"{at}, case {case['name']!r}" if isinstance(case.get("name"), str) else at
    lost = [Finding(f"{at}, key {key!r}", "it is missing", f"Give {keys[key][0]}") for key in keys if key not in case]
    extra = [
        Finding(f"{at}, key {key!r}, value {value!r}", "there is no such key", f"A case has {', '.join(keys)}")
        for key, value in case.items()
        if key not in keys
    ]
    wrong = [
        Finding(f"{at}, key {key!r}, value {case[key]!r}", f"{expected} is expected", _mend(expected))
        for key, (expected, right) in keys.items()
        if key in case and not right(case[key])
    ]
    return lost + extra + wrong


def _mend(expected: str) -> str:
    return (
        "Give text; put quotes around what YAML takes for something else" if expected == "text" else f"Give {expected}"
    )

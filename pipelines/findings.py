"""What a gate says when it stops a run: what is wrong, where, and how to mend it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import pytest

SHOWN = 20
# In the message of a check that another one's finding keeps from being made: it is told last, in short.
WAITS = "this can't be checked yet"


@dataclass(frozen=True)
class Finding:
    """One reason to stop: `where` names file, row, column and value as far as they apply."""

    where: str
    what: str
    mend: str

    def __str__(self) -> str:
        return f"{self.where}: {self.what}{'' if self.what.endswith('?') else '.'} {self.mend}"


def stop_if(findings: Iterable[Finding]) -> None:
    """Fail the running gate test with `findings`, one a line; do nothing where there are none."""
    lines = [str(finding) for finding in findings]
    if not lines:
        return
    if len(lines) > SHOWN:
        lines[SHOWN:] = [f"… and {len(lines) - SHOWN} more"]
    pytest.fail("\n".join(lines), pytrace=False)

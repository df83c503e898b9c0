"""What the author is told of a run: a few lines that say what was released, or what stopped it and how to mend it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pipelines.progress import MARKS
from pipelines.record import Record

LONGEST = 20_000  # letters; a parameter of a Workflow holds no more than some


def verdict(record: Record, released: Mapping[str, Any]) -> str:
    """The lines; `released` tells of the release, and is empty where there was none."""
    lines = [f"run {record.id} of commit {(record.commit or '')[:12]}: {record.status} in {record.seconds:.0f} s"]
    if released.get("new"):
        lines.append(f"release {released['release']} serves: model {released['model'][:12]}, image {released['image']}")
    elif released:
        lines.append(f"release {released['release']} serves this very model and code already: nothing new is released")
    elif record.status != "passed":
        lines.append("nothing is released; what serves stays as it is")
    if record.metrics:
        lines.append("metrics: " + ", ".join(f"{name} {value:.4g}" for name, value in sorted(record.metrics.items())))
    for step in record.steps:
        if step.status == "failed":
            lines += ["", f"{MARKS['failed']} {step.name}", *(f"    {line}" for line in step.message.splitlines())]
    blocked = [step.name for step in record.steps if step.status == "blocked"]
    if blocked:
        lines += ["", f"{MARKS['blocked']} not run: {', '.join(blocked)}"]
    text = "\n".join(lines) + "\n"
    return text if len(text) <= LONGEST else f"{text[:LONGEST]} …\n"

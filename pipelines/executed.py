"""Keep every executed notebook by what it came from, so that a run whose step was cached can still show it."""

from __future__ import annotations

import secrets
import shutil
from pathlib import Path

from pipelines.analysis import Analysis
from pipelines.graph import Step, step_key


def keep(checkout: Analysis, analysis: Analysis, step: Step, status: str) -> Path | None:
    """The executed notebook of `step`, kept in the checkout's state; None where there is none on this machine.

    A failed step has no result that a later run could show; its notebook is kept under a name of its own.
    """
    if step.notebook is None:
        return None
    latest = analysis.executed / step.notebook
    key = f"failed-{secrets.token_hex(8)}" if status == "failed" else step_key(analysis, step.name)
    kept = checkout.state / "executed" / checkout.name / f"{step.name}-{key}.ipynb"
    # "cached": nothing ran since, so the latest execution, by hand or not, is the one.
    if not kept.exists() and status in ("ran", "cached", "failed") and latest.exists():
        kept.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(latest, kept.with_suffix(".aside"))
        kept.with_suffix(".aside").replace(kept)
    return kept if kept.exists() else None

"""Run an analysis: every step that is not up to date, side by side where it can be, and a record of it all."""

from __future__ import annotations

import fcntl
import os
import re
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipelines import executed, graph, record, report, workspace
from pipelines.analysis import Analysis
from pipelines.errors import StillhouseError
from pipelines.progress import Progress
from pipelines.record import Record, StepRecord
from pipelines.schedule import Outcome, Schedule, Status

LOG_LINES = 80
_DVC_SAYS = re.compile(
    r"^(Running stage |> |Updating lock file|ERROR: |To track the changes|\s*git add |To enable auto|\s*dvc config)"
)


def run(
    analysis: Analysis,
    progress: Progress,
    *,
    overrides: Mapping[str, Any] | None = None,
    sweep: str | None = None,
) -> Record:
    """Run `analysis` and return its record, which says whether it passed.

    With `overrides` (parameter: value) it runs in a copy, and the checkout's own results stay as they are.
    Raises StillhouseError when nothing could be started (an unreadable dvc.yaml, another run under way).
    """
    overrides = overrides or {}
    with _only_run(analysis):
        record.close_killed(analysis)
        entry = record.begin(analysis, overrides, sweep)
        began = time.monotonic()
        try:
            with workspace.trial(analysis, entry.id, overrides) if overrides else nullcontext(analysis) as place:
                record.note_inputs(entry, place)
                written = _run_steps(analysis, place, entry, progress)
                record.note_results(entry, place, written)
            entry.status = "passed" if all(step.status in _GOOD for step in entry.steps) else "failed"
        except KeyboardInterrupt:
            entry.status = "interrupted"
            raise
        except BaseException:
            entry.status = "failed"
            raise
        finally:
            entry.seconds = round(time.monotonic() - began, 3)
            record.save(analysis, entry)
            report.write_run_page(analysis, entry)
            report.write_index(analysis)
    return entry


_GOOD = ("ran", "restored", "cached")


def _run_steps(checkout: Analysis, analysis: Analysis, entry: Record, progress: Progress) -> frozenset[Path]:
    """Run the steps and return what those that are done have written."""
    steps = {step.name: step for step in graph.read_steps(analysis)}
    target = record.folder(checkout, entry)
    pages = _Pages(checkout, analysis, target, tuple(step for step in steps.values() if step.notebook))

    def work(name: str) -> Status:
        return graph.reproduce(analysis, name) if name in steps else pages.add(entry.steps)

    def on_end(outcome: Outcome) -> None:
        if outcome.name in steps:
            entry.steps.append(pages.point(_step_record(outcome, target / "logs")))
            progress.end(entry.steps[-1])

    schedule = Schedule(
        [*steps.values(), pages],
        work,
        target / "logs",
        on_start=lambda name: progress.start(name) if name in steps else None,
        on_end=on_end,
    )
    schedule.run(already=_current(list(steps.values())))
    pages.finish(entry.steps)
    return frozenset(out for step in entry.steps if step.status in _GOOD for out in steps[step.name].outs)


@dataclass(frozen=True)
class _Pages:
    """The pages of the executed notebooks: one job, when the last notebook is done and gates still run."""

    checkout: Analysis
    analysis: Analysis
    target: Path
    steps: tuple[graph.Step, ...]
    name: str = "pages"

    @property
    def needs(self) -> tuple[str, ...]:
        return tuple(step.name for step in self.steps)

    def add(self, done: Iterable[StepRecord]) -> Status:
        """Make the pages that are not there yet."""
        statuses = {step.name: step.status for step in done if step.status != "blocked"}
        for step in self.steps:
            if step.name in statuses and not (self.target / f"{step.name}.html").exists():
                kept = executed.keep(self.checkout, self.analysis, step, statuses[step.name])
                if kept:
                    report.add_notebook(kept, self.target, step.name)
        return "ran"

    def point(self, step: StepRecord) -> StepRecord:
        """Have a failed step's message lead to the copy that its run keeps; the next run overwrites the other one."""
        latest = {one.name: str(self.analysis.executed / str(one.notebook)) for one in self.steps}.get(step.name)
        if latest and step.status == "failed":
            step.message = step.message.replace(latest, str(self.target / f"{step.name}.ipynb"))
        return step

    def finish(self, done: Iterable[StepRecord]) -> None:
        """Make those that a failed step kept from being made, and link them all in the record."""
        self.add(done)
        (self.target / "logs" / f"{self.name}.log").unlink(missing_ok=True)
        for step in done:
            if (self.target / f"{step.name}.html").exists():
                step.notebook, step.report = f"{step.name}.ipynb", f"{step.name}.html"


def _current(steps: list[graph.Step]) -> list[str]:
    """The steps that need no look: up to date themselves, and so is everything they come from."""
    current: list[str] = []
    for step in steps:
        if step.current and all(need in current for need in step.needs):
            current.append(step.name)
    return current


def _step_record(outcome: Outcome, logs: Path) -> StepRecord:
    message = outcome.message
    if outcome.status == "failed":
        message = _said(logs / f"{outcome.name}.log") or message
    return StepRecord(outcome.name, outcome.status, round(outcome.seconds, 3), message)


def _said(log: Path) -> str:
    """What a failed step said, without DVC's own lines."""
    if not log.exists():
        return ""
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    kept = [line for line in lines if not _DVC_SAYS.match(line)]
    return "\n".join(kept[-LOG_LINES:]).strip()


@contextmanager
def _only_run(analysis: Analysis) -> Iterator[None]:
    """One run of a checkout at a time. Steps hold the lock too: those of a killed run end before the next begins."""
    path = analysis.state / "run.lock"
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            raise StillhouseError(
                f"another run is under way in this checkout (process {lock.read().strip() or 'unknown'}, or steps that "
                "it left). Wait for it to end, or stop it, and try again."
            ) from None
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        yield

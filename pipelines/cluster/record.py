"""The end of every run, trusted code: gather what the steps handed on into a record, and tell the author.

What steps wrote is data here, and only plain files of it are read: this pod may hold the way into the repository. How a
step ended is what the controller says, and no step can say that it went better.
"""

from __future__ import annotations

import json
import os
import platform
import re
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pipelines import record as records
from pipelines import report
from pipelines.analysis import Analysis
from pipelines.cluster import handover, note
from pipelines.cluster.errors import ClusterError
from pipelines.cluster.places import (
    EXECUTED,
    LOG,
    RECORD,
    RELEASE,
    RELEASED,
    STEP,
    VERDICT,
    Pod,
    RecordOrder,
    StepOrder,
)
from pipelines.cluster.source import git
from pipelines.cluster.verdict import verdict
from pipelines.errors import StillhouseError
from pipelines.files import read_json, write_text
from pipelines.record import Record, StepRecord

_RETRY = re.compile(r"\(\d+\)$")


@dataclass(frozen=True)
class Ended:
    """How the run ended, as the controller says: `failures` maps the steps that failed to its reasons."""

    passed: bool
    failures: Mapping[str, str]
    seconds: float
    started: str

    @classmethod
    def read(cls, environment: Mapping[str, str]) -> Ended:
        """What the controller put into this pod's environment."""
        return cls(
            passed=environment["STILLHOUSE_STATUS"] == "Succeeded",
            failures=_failures(environment["STILLHOUSE_FAILURES"]),
            seconds=round(float(environment["STILLHOUSE_DURATION"]), 3),
            started=_time(environment["STILLHOUSE_CREATIONTIMESTAMP"]),
        )


def record(order: RecordOrder, pod: Pod) -> str:
    """Write the record to the parcel, with pages and logs; tell the author; return what was told."""
    ended = Ended.read(os.environ)
    analysis = Analysis(pod.checkout, pod.checkout / order.analysis)
    entry = _begin(order, ended, analysis)
    _note_inputs(entry, analysis)
    written: set[Path] = set()
    for step in order.steps:
        entry.steps.append(_step(step, ended, pod, entry.steps))
        if entry.steps[-1].status == "ran":
            written |= _lay(step, pod)
    released = _released(order, ended, entry, pod)
    records.note_results(entry, analysis, frozenset(written))
    _keep(order, analysis, entry, pod)
    told = verdict(entry, released)
    write_text(pod.parcel / VERDICT, told)
    if order.tell:
        _tell(order, told, pod)
    return told


def _begin(order: RecordOrder, ended: Ended, analysis: Analysis) -> Record:
    return Record(
        id=order.run,
        analysis=analysis.name,
        started=ended.started,
        status="passed" if ended.passed else "failed",
        seconds=ended.seconds,
        commit=order.commit,
        who=git("log", "-1", "--format=%an", order.commit, at=analysis.root),
        where={"host": "cluster", "platform": platform.platform(), "python": platform.python_version()},
    )


def _note_inputs(entry: Record, analysis: Analysis) -> None:
    """As on one machine; a commit whose parameters can't be read has failed for that reason, and is recorded too."""
    if all(handover.plain(path) for path in (analysis.params, analysis.definition)):
        try:
            records.note_inputs(entry, analysis)
        except (StillhouseError, OSError, ValueError) as error:
            print(f"its inputs are not recorded: {error}", file=sys.stderr)


def _step(step: StepOrder, ended: Ended, pod: Pod, before: list[StepRecord]) -> StepRecord:
    said = _said(pod.inputs / step.name / STEP)
    if step.name in ended.failures or said.get("status") == "failed":
        message = str(said.get("message") or ended.failures.get(step.name))
        return StepRecord(step.name, "failed", _number(said.get("seconds")), message)
    if said:
        return StepRecord(step.name, "ran", _number(said.get("seconds")))
    lost = [one.name for one in before if one.name in step.needs and one.status != "ran"]
    return StepRecord(step.name, "blocked", message=f"needs {', '.join(lost)}" if lost else "it was not started")


def _released(order: RecordOrder, ended: Ended, entry: Record, pod: Pod) -> dict[str, Any]:
    """What the release says of itself: its pod runs no code but ours."""
    if not order.releases:
        return {}
    told = _said(pod.inputs / RELEASE / RELEASED)
    if RELEASE in ended.failures:
        entry.steps.append(StepRecord(RELEASE, "failed", message=ended.failures[RELEASE]))
    elif told:
        entry.steps.append(StepRecord(RELEASE, "ran"))
    return told if RELEASE not in ended.failures else {}


def _lay(step: StepOrder, pod: Pod) -> set[Path]:
    """Lay a step's outs into the checkout, as they lie there on one machine."""
    parcel = pod.inputs / step.name
    try:
        handover.unpack(parcel, step.outs, handover.digest(parcel, step.outs), pod.checkout)
    except ClusterError as error:
        print(f"{step.name}: {error}", file=sys.stderr)
        return set()
    return {pod.checkout / out for out in step.outs}


def _keep(order: RecordOrder, analysis: Analysis, entry: Record, pod: Pod) -> None:
    """The folder of the record, as on one machine: record.json, logs, notebooks and pages."""
    folder = records.folder(analysis, entry)
    for step, kept in zip(order.steps, entry.steps, strict=False):
        parcel = pod.inputs / step.name
        if handover.plain(parcel / LOG):
            (folder / "logs").mkdir(parents=True, exist_ok=True)
            shutil.copyfile(parcel / LOG, folder / "logs" / f"{step.name}.log")
        if handover.plain(parcel / EXECUTED):
            folder.mkdir(parents=True, exist_ok=True)
            kept.notebook, kept.report = _pages(parcel / EXECUTED, folder, step.name)
    records.save(analysis, entry)
    report.write_run_page(analysis, entry)
    shutil.copytree(folder, pod.parcel / RECORD)


def _pages(executed: Path, folder: Path, name: str) -> tuple[str | None, str | None]:
    try:
        return report.add_notebook(executed, folder, name)
    except Exception as error:  # whatever a step wrote there, the run is recorded
        print(f"{name}: its notebook can't be shown ({type(error).__name__})", file=sys.stderr)
        return None, None


def _tell(order: RecordOrder, told: str, pod: Pod) -> None:
    try:
        note.push(pod.checkout, order.repository, order.commit, told)
    except ClusterError as error:
        print(f"the author is not told in the repository: {error}", file=sys.stderr)


def _said(path: Path) -> dict[str, Any]:
    """What a pod wrote of itself: an object, or nothing."""
    try:
        content = read_json(path) if handover.plain(path) else None
    except (ValueError, OSError, RecursionError):
        return {}
    return content if isinstance(content, dict) else {}


def _number(value: Any) -> float:
    return float(value) if isinstance(value, int | float) else 0.0


def _failures(text: str) -> dict[str, str]:
    """The failed steps; the controller's list is JSON, quoted once more where it is put into a pod."""
    try:
        content = json.loads(text)
        content = json.loads(content) if isinstance(content, str) else content
    except ValueError:  # a step can have its pod's reason hold anything, and Go's quotes are not quite JSON's
        return {}
    found: dict[str, str] = {}
    for node in content or []:
        name = _RETRY.sub("", str(node["displayName"]))
        found[name] = str(node.get("message") or found.get(name) or node.get("phase"))
    return found


def _time(text: str) -> str:
    try:
        return datetime.fromisoformat(text).astimezone(UTC).isoformat(timespec="milliseconds")
    except ValueError:
        return datetime.now(UTC).isoformat(timespec="milliseconds")

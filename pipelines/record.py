"""The record of a run: what went in, what came out, who, where and how long; kept for failed runs as for good ones."""

from __future__ import annotations

import getpass
import hashlib
import json
import platform
import secrets
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pipelines.analysis import Analysis
from pipelines.errors import StillhouseError
from pipelines.files import read_json, read_yaml, write_json, write_text

FILE = "record.json"
SCHEMA = 1


@dataclass
class StepRecord:
    """How one step of a run ended; `seconds` of wall time, `notebook` and `report` relative to the record's folder."""

    name: str
    status: str
    seconds: float = 0.0
    message: str = ""
    notebook: str | None = None
    report: str | None = None


@dataclass
class Record:
    """One run. `data` and `code` map each source file that steps depend on to its sha256."""

    id: str
    analysis: str
    started: str
    status: str = "running"
    seconds: float = 0.0
    commit: str | None = None
    dirty: bool = False
    who: str = ""
    where: dict[str, str] = field(default_factory=dict)
    overrides: dict[str, Any] = field(default_factory=dict)
    sweep: str | None = None
    params: dict[str, Any] = field(default_factory=dict)
    data: dict[str, str] = field(default_factory=dict)
    code: dict[str, str] = field(default_factory=dict)
    environment: str = ""
    metrics: dict[str, float] = field(default_factory=dict)
    gates: dict[str, dict[str, Any]] = field(default_factory=dict)
    steps: list[StepRecord] = field(default_factory=list)
    model: str | None = None
    schema: int = SCHEMA


def records_folder(analysis: Analysis) -> Path:
    """Where the records of an analysis are kept, a folder a run."""
    return analysis.state / "runs" / analysis.name


def begin(analysis: Analysis, overrides: Mapping[str, Any], sweep: str | None = None) -> Record:
    """A new record of what is about to run, written at once, so that even a killed run leaves its trace."""
    now = datetime.now(UTC)
    commit = _git(analysis.root, "rev-parse", "HEAD")
    difference = _git(analysis.root, "diff", "HEAD") if commit else None
    untracked = _git(analysis.root, "ls-files", "--others", "--exclude-standard", str(analysis.folder))
    record = Record(
        id=f"{now:%Y%m%d-%H%M%S}-{secrets.token_hex(2)}",
        analysis=analysis.name,
        started=now.isoformat(timespec="milliseconds"),
        commit=commit,
        dirty=bool(difference or untracked),
        who=_who(),
        where={"host": platform.node(), "platform": platform.platform(), "python": platform.python_version()},
        overrides=dict(overrides),
        sweep=sweep,
    )
    save(analysis, record)
    if difference:
        write_text(folder(analysis, record) / "diff.patch", difference + "\n")
    return record


def close_killed(analysis: Analysis) -> None:
    """Mark as interrupted what says that it is running; call it only where no run can be under way."""
    for one in load_all(analysis):
        if one.status == "running":
            one.status = "interrupted"
            save(analysis, one)


def note_inputs(record: Record, analysis: Analysis) -> None:
    """Note the parameters, and the hashes of all that the steps of `analysis` (perhaps a trial's copy) depend on."""
    record.params = read_yaml(analysis.params)
    sources = _sources(analysis)
    data = analysis.folder / "data"
    record.data = {name: digest for name, (path, digest) in sources.items() if path.is_relative_to(data)}
    record.code = {name: digest for name, (path, digest) in sources.items() if not path.is_relative_to(data)}
    lock = analysis.root / "uv.lock"
    record.environment = _sha256(lock) if lock.exists() else ""


def note_results(record: Record, analysis: Analysis, written: frozenset[Path]) -> None:
    """Note the gates' verdicts, and metrics and model where they are among what the run has written."""
    record.gates = {
        step.name.removeprefix("gate-"): _verdict(analysis, step) for step in record.steps if step.name[:5] == "gate-"
    }
    if analysis.metrics in written:
        record.metrics = read_json(analysis.metrics) or {}
    if analysis.model in written:
        record.model = (read_json(analysis.model / "model.json") or {}).get("version")


def _verdict(analysis: Analysis, step: StepRecord) -> dict[str, Any]:
    if step.status in ("failed", "blocked"):
        return {"passed": False, "status": step.status, "message": step.message}
    verdict = read_json(analysis.gates / f"{step.name.removeprefix('gate-')}.json") or {}
    return {"passed": True, "status": step.status, "checks": len(verdict.get("checks", []))}


def folder(analysis: Analysis, record: Record) -> Path:
    """The folder of one record."""
    return records_folder(analysis) / record.id


def save(analysis: Analysis, record: Record) -> None:
    """Write the record."""
    write_json(folder(analysis, record) / FILE, asdict(record))


def load_all(analysis: Analysis) -> list[Record]:
    """All records that can be read, oldest first; of the others stderr is told."""
    records = []
    for path in sorted(records_folder(analysis).glob(f"*/{FILE}")):
        try:
            records.append(_load(path))
        except (StillhouseError, ValueError, TypeError, KeyError) as error:
            print(f"left out: {path}: {error}", file=sys.stderr)
    return sorted(records, key=lambda one: (one.started, one.id))


def find(analysis: Analysis, name: str) -> Record:
    """The record whose id starts or ends with `name`; `latest` is the last one."""
    records = load_all(analysis)
    if name == "latest" and records:
        return records[-1]
    found = [one for one in records if name and (one.id.startswith(name) or one.id.endswith(name))]
    if len(found) == 1:
        return found[0]
    if not found:
        raise StillhouseError(f"no run {name!r}. List them: stillhouse runs")
    raise StillhouseError(f"{name!r} may be any of {', '.join(one.id for one in found)}: give more of the id.")


def _load(path: Path) -> Record:
    content = json.loads(path.read_text(encoding="utf-8"))
    if content.get("schema") != SCHEMA:
        raise StillhouseError(f"its schema is {content.get('schema')}, and this version reads {SCHEMA}")
    return Record(**{**content, "steps": [StepRecord(**step) for step in content["steps"]]})


def _sources(analysis: Analysis) -> dict[str, tuple[Path, str]]:
    """Every file that steps depend on and none of them writes: its name from the checkout, its path and its sha256."""
    stages = read_yaml(analysis.definition).get("stages", {}).values()
    written = {
        _path_of(out) for stage in stages for kind in ("outs", "metrics", "plots") for out in stage.get(kind, [])
    }
    needed = {_path_of(dependency) for stage in stages for dependency in stage.get("deps", [])} - written
    files = [file for name in sorted(needed) for file in _files((analysis.folder / name).resolve())]
    return {file.relative_to(analysis.root).as_posix(): (file, _sha256(file)) for file in files}


def _path_of(entry: Any) -> str:
    return str(next(iter(entry))) if isinstance(entry, dict) else str(entry)


def _files(path: Path) -> list[Path]:
    if path.is_file():
        return [path]
    return sorted(file for file in path.rglob("*") if file.is_file() and "__pycache__" not in file.parts)


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _git(root: Path, *arguments: str) -> str | None:
    done = subprocess.run(["git", *arguments], cwd=root, capture_output=True, text=True, check=False)
    return done.stdout.strip() if done.returncode == 0 else None


def _who() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "unknown"

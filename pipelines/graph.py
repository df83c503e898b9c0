"""The steps of an analysis as DVC has them: read the graph, see what is up to date, reproduce one.

All of DVC's Python interface that we use is in this module.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import re
import sys
import time
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dvc.exceptions import DvcException
from dvc.lock import Lock, LockError
from dvc.repo import Repo

from pipelines.analysis import Analysis
from pipelines.errors import StillhouseError
from pipelines.files import read_yaml
from pipelines.schedule import Status

GATE = "gate-"
LOCK_SECONDS = 60.0


@dataclass(frozen=True)
class Step:
    """One step: its name, the steps it needs, its command, whether DVC holds it for up to date, and what it writes.

    `folder` is where its command runs: the analysis's, unless dvc.yaml says otherwise (wdir).
    """

    name: str
    needs: tuple[str, ...]
    command: str
    current: bool
    outs: frozenset[Path] = frozenset()
    folder: Path = Path()

    @property
    def is_gate(self) -> bool:
        """Whether it is a gate: those are named so."""
        return self.name.startswith(GATE)

    @property
    def notebook(self) -> str | None:
        """The notebook it executes, if it does."""
        found = re.match(r"stillhouse step ['\"]?(\S+\.ipynb)", self.command)
        return found[1] if found else None


class _PatientLock(Lock):  # type: ignore[misc]
    """DVC's lock of the checkout, asked for every 10 ms; DVC itself waits half a second and gives up after three."""

    def lock(self) -> None:
        deadline = time.monotonic() + LOCK_SECONDS
        while True:
            try:
                self._do_lock()
                return
            except LockError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.01)


def read_steps(analysis: Analysis) -> list[Step]:
    """The steps of `analysis`, each after those it needs.

    Raises StillhouseError with DVC's reason where dvc.yaml or params.yaml can't be read.
    """
    try:
        # Closed again before anything is forked: DVC's state database must not be open in parent and child.
        with closing(_open(analysis)) as repo:
            return _read(analysis, repo)
    except DvcException as error:
        raise StillhouseError(f"{analysis.definition}: {error}") from error


def _read(analysis: Analysis, repo: Any) -> list[Step]:
    stages = [stage for stage in repo.index.stages if Path(stage.path) == analysis.definition]
    repo.index.outs_trie  # noqa: B018  # raises where two steps write the same
    with repo.lock:
        return _in_order([_step(stage, stages) for stage in stages])


def _step(stage: Any, stages: list[Any]) -> Step:
    """What DVC has as a stage. Its graph would tell the needs too, and networkx takes 0.3 s to load."""
    inputs = [Path(dependency.fs_path) for dependency in stage.deps]
    needs = {
        other.name
        for other in stages
        for output in (Path(out.fs_path) for out in other.outs)
        if any(path.is_relative_to(output) or output.is_relative_to(path) for path in inputs)
    }
    outs = frozenset(Path(out.fs_path) for out in stage.outs)
    command = stage.cmd if isinstance(stage.cmd, str) else "\n".join(stage.cmd)
    return Step(stage.name, tuple(sorted(needs)), command, not stage.changed(), outs, Path(stage.wdir))


def reproduce(analysis: Analysis, name: str) -> Status:
    """Bring one step up to date and say how: "cached" (nothing to do), "restored" (from DVC's cache) or "ran".

    Raises DvcException when the step's command fails.
    """
    notes = _Notes()
    logger = logging.getLogger("dvc")
    logger.addHandler(notes)
    logger.setLevel(logging.INFO)
    os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    with closing(_open(analysis)) as repo:
        done = repo.reproduce(targets=[f"{analysis.definition}:{name}"], single_item=True)
    if not done:
        return "cached"
    return "restored" if notes.restored else "ran"


def step_key(analysis: Analysis, name: str) -> str | None:
    """What a step's last result came from, as a hash of its command, inputs and parameters; None when never run."""
    entry = locked(analysis).get(name)
    if not entry:
        return None
    content = {key: entry.get(key) for key in ("cmd", "deps", "params")}
    return hashlib.sha256(json.dumps(content, sort_keys=True, default=str).encode()).hexdigest()


def locked(analysis: Analysis) -> dict[str, Any]:
    """What dvc.lock says of each step."""
    return dict(read_yaml(analysis.lock).get("stages", {})) if analysis.lock.exists() else {}


class _Notes(logging.Handler):
    """Listens to DVC, which says only in its log whether a step ran or came from the cache."""

    restored = False

    def emit(self, record: logging.LogRecord) -> None:
        if "is cached - skipping run" in record.getMessage():
            self.restored = True


def _open(analysis: Analysis) -> Any:
    os.chdir(analysis.root)
    repo = Repo(str(analysis.root))
    repo.lock = _PatientLock(repo.lock.lockfile)
    return repo


def _in_order(steps: list[Step]) -> list[Step]:
    ordered: list[Step] = []
    while len(ordered) < len(steps):
        placed = {step.name for step in ordered}
        ready = [step for step in steps if step.name not in placed and placed.issuperset(step.needs)]
        if not ready:
            names = ", ".join(step.name for step in steps if step.name not in placed)
            raise StillhouseError(f"dvc.yaml: each of these steps waits for another of them: {names}")
        ordered += ready
    return ordered

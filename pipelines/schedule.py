"""Run steps side by side, each in a forked process, as soon as all that they need is done."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Literal, Protocol

# Forked, so that what takes half a second to import is imported once.
_context = multiprocessing.get_context("fork")

Status = Literal["ran", "restored", "cached", "failed", "blocked"]
DONE: frozenset[Status] = frozenset({"ran", "restored", "cached"})


class Job(Protocol):
    """What is scheduled: a name, and the names it waits for."""

    @property
    def name(self) -> str:
        """Its own name."""

    @property
    def needs(self) -> tuple[str, ...]:
        """The names of the jobs that must be done before it."""


@dataclass(frozen=True)
class Outcome:
    """How a job ended: `seconds` of wall time; `message` tells why it failed or what blocked it."""

    name: str
    status: Status
    seconds: float = 0.0
    message: str = ""


@dataclass
class _Running:
    job: Job
    process: BaseProcess
    answer: Connection
    began: float


@dataclass
class Schedule:
    """A run in progress. `work(name)` does one job in a process of its own and returns how; it raises to fail."""

    jobs: list[Job]
    work: Callable[[str], Status]
    log_folder: Path
    workers: int = field(default_factory=lambda: max(2, os.cpu_count() or 2))
    on_start: Callable[[str], None] = lambda _name: None
    on_end: Callable[[Outcome], None] = lambda _outcome: None
    outcomes: dict[str, Outcome] = field(default_factory=dict)
    _running: list[_Running] = field(default_factory=list)

    def run(self, already: Iterable[str] = ()) -> dict[str, Outcome]:
        """Do every job but those `already` done; a failed job blocks what needs it, and nothing else."""
        for name in already:
            self._end(Outcome(name, "cached"))
        try:
            while len(self.outcomes) < len(self.jobs):
                self._block()
                for job in self._ready():
                    self._start(job)
                if self._running:
                    self._collect()
        except BaseException:
            self._stop()
            raise
        return self.outcomes

    def _block(self) -> None:
        for job in self.jobs:
            lost = [need for need in job.needs if need in self.outcomes and self.outcomes[need].status not in DONE]
            if lost and job.name not in self.outcomes:
                self._end(Outcome(job.name, "blocked", message=f"needs {', '.join(lost)}"))

    def _ready(self) -> list[Job]:
        """The jobs to start now, those with the longest chain of jobs behind them first."""
        started = {running.job.name for running in self._running} | set(self.outcomes)
        free = self.workers - len(self._running)
        ready = [
            job for job in self.jobs if job.name not in started and all(need in self.outcomes for need in job.needs)
        ]
        return sorted(ready, key=lambda job: -self._depth(job.name))[:free]

    def _depth(self, name: str) -> int:
        return 1 + max((self._depth(job.name) for job in self.jobs if name in job.needs), default=0)

    def _start(self, job: Job) -> None:
        self.on_start(job.name)
        receive, send = _context.Pipe(duplex=False)
        log = self.log_folder / f"{job.name}.log"
        process = _context.Process(target=_child, args=(self.work, job.name, log, send), name=job.name)
        sys.stdout.flush()
        process.start()
        with suppress(OSError):  # the child does it too; whoever comes second finds it done
            os.setpgid(process.pid or 0, process.pid or 0)
        send.close()
        self._running.append(_Running(job, process, receive, time.monotonic()))

    def _collect(self) -> None:
        ended = wait([running.process.sentinel for running in self._running])
        for running in [one for one in self._running if one.process.sentinel in ended]:
            self._running.remove(running)
            running.process.join()
            self._end(_outcome(running))

    def _end(self, outcome: Outcome) -> None:
        self.outcomes[outcome.name] = outcome
        self.on_end(outcome)

    def _stop(self) -> None:
        for running in self._running:
            with suppress(ProcessLookupError):
                os.killpg(running.process.pid or 0, signal.SIGTERM)
        for running in self._running:
            running.process.join()


def _outcome(running: _Running) -> Outcome:
    seconds = time.monotonic() - running.began
    try:
        status, message = running.answer.recv()
    except EOFError:
        status, message = "failed", f"its process died (exit {running.process.exitcode})"
    return Outcome(running.job.name, status, seconds, message)


def _child(work: Callable[[str], Status], name: str, log: Path, answer: Connection) -> None:
    """In the forked process: all that the job and its commands print goes to its own log."""
    os.setpgid(0, 0)  # so that its commands can be ended with it
    log.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(handle, 1)
    os.dup2(handle, 2)
    try:
        answer.send((work(name), ""))
    except Exception as error:
        answer.send(("failed", _reasons(error)))


def _reasons(error: BaseException | None) -> str:
    """An error and what caused it, a line each."""
    lines = []
    while error:
        lines.append(f"{type(error).__name__}: {error}")
        error = error.__cause__
    return "\n".join(lines)

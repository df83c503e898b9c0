"""Start, find and end the cluster's processes, which outlive the program that starts them.

A process is known by its number and the moment it was started, so that a number used again is never mistaken for it.
"""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from pipelines.files import read_json, write_json
from tests.cluster.errors import ClusterError
from tests.cluster.layout import MARK, Layout

# The processes that this one started itself.
_children: dict[int, subprocess.Popen[bytes]] = {}


@dataclass(frozen=True)
class Process:
    """A process: its name here, its number, and when it began (in the kernel's ticks since boot; by the clock)."""

    name: str
    pid: int
    began: int
    since: float = 0.0

    @property
    def alive(self) -> bool:
        """Whether it still runs."""
        return began(self.pid) == self.began


def start(layout: Layout, name: str, command: list[str], *config: Path, env: Mapping[str, str] | None = None) -> None:
    """Have the process run with this command and these files; one that runs with others is replaced."""
    file = _record(layout, name)
    recipe = hashlib.sha256("\0".join(command).encode())
    for path in config:
        recipe.update(path.read_bytes())
    found = find(layout, name)
    if found and (read_json(file) or {}).get("recipe") == recipe.hexdigest():
        return
    if found:
        stop([found])
    layout.logs.mkdir(parents=True, exist_ok=True)
    with (layout.logs / f"{name}.log").open("ab") as log:
        child = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd=layout.run,
            env={**os.environ, **(env or {}), MARK: str(layout.run)},
            start_new_session=True,
        )
    _children[child.pid] = child
    write_json(file, {"pid": child.pid, "began": began(child.pid), "since": time.time(), "recipe": recipe.hexdigest()})


def find(layout: Layout, name: str) -> Process | None:
    """The process called `name`, if it is alive."""
    record = read_json(_record(layout, name))
    if not record:
        return None
    process = Process(name, record["pid"], record["began"], record.get("since", 0.0))
    return process if process.alive else None


def recorded(layout: Layout) -> list[Process]:
    """The processes that were started and are alive."""
    names = sorted(path.stem for path in (layout.run / "processes").glob("*.json"))
    return [process for name in names if (process := find(layout, name))]


def marked(layout: Layout) -> list[Process]:
    """Every process of the cluster, recorded or not: by the mark in its environment, which its children have too."""
    wanted = f"{MARK}={layout.run}".encode()
    found = []
    for folder in _all():
        with suppress(OSError):
            if wanted in (folder / "environ").read_bytes().split(b"\0"):
                pid = int(folder.name)
                found.append(Process(name_of(pid), pid, began(pid) or 0))
    return found


def stop(processes: Iterable[Process], seconds: float = 5) -> None:
    """Ask them to end, all at once; end those that have not after some seconds. Raises where one can't be ended."""
    left = list(processes)
    for number, patience in ((signal.SIGTERM, seconds), (signal.SIGKILL, 5.0)):
        for process in left:
            if process.alive:
                with suppress(ProcessLookupError):
                    os.kill(process.pid, number)
        deadline = time.monotonic() + patience
        while (left := [process for process in left if process.alive]) and time.monotonic() < deadline:
            time.sleep(0.02)
    if left:
        names = ", ".join(f"{process.name} ({process.pid})" for process in left)
        raise ClusterError(f"{names}: can't be ended, not even by kill -9. Restart the machine")


def kill(pids: Iterable[int]) -> None:
    """End processes without asking."""
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def began(pid: int) -> int | None:
    """When a process began; None where there is none, or only its zombie."""
    if pid in _children:
        _children[pid].poll()  # or it stays a zombie
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    except (OSError, IndexError):
        return None
    return None if fields[0] in "ZX" else int(fields[19])


def name_of(pid: int) -> str:
    """The program's name."""
    with suppress(OSError):
        return Path(f"/proc/{pid}/comm").read_text().strip()
    return "?"


def log_tail(layout: Layout, name: str, lines: int = 6) -> str:
    """The last lines that the process wrote."""
    with suppress(OSError):
        text = (layout.logs / f"{name}.log").read_text(errors="replace")
        return "\n".join(f"    {line[:300]}" for line in text.strip().splitlines()[-lines:])
    return ""


def _record(layout: Layout, name: str) -> Path:
    return layout.run / "processes" / f"{name}.json"


def _all() -> Iterator[Path]:
    return Path("/proc").glob("[0-9]*")

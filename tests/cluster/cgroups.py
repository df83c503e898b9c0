"""The nodes' control groups, on machines with the old hierarchies (v1) and with the one (v2)."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

from tests.cluster.errors import ClusterError

ROOT = Path("/sys/fs/cgroup")


def hierarchies() -> list[Path]:
    """The roots below which groups are made: one a controller, or the single one."""
    if (ROOT / "cgroup.controllers").exists():
        return [ROOT]
    found = [path for path in sorted(ROOT.iterdir()) if (path / "cgroup.procs").exists() and not path.is_symlink()]
    return [path for path in found if not (path / "cgroup.controllers").exists()]  # the unified one beside them


def make(name: str) -> None:
    """Have the group `name` (a/b) there in every hierarchy, ready for processes."""
    for root in hierarchies():
        folder = root
        for part in name.split("/"):
            below = folder / part
            below.mkdir(exist_ok=True)
            for file in ("cpuset.cpus", "cpuset.mems"):  # v1 leaves them empty, and then takes no process
                if root.name == "cpuset" and not (below / file).read_text().strip():
                    (below / file).write_text((folder / file).read_text())
            folder = below


def members(name: str) -> set[int]:
    """The processes in the group `name` and below it, in whichever hierarchy."""
    pids = set()
    for folder in _folders(name):
        try:
            pids |= {int(line) for line in (folder / "cgroup.procs").read_text().split()}
        except OSError:  # gone meanwhile
            continue
    return pids


def remove(name: str, seconds: float = 5) -> None:
    """Remove the group `name` and all below it. Raises ClusterError where processes stay in it."""
    deadline = time.monotonic() + seconds
    while left := list(_folders(name)):
        for folder in left:
            try:
                folder.rmdir()
            except OSError:
                break
        else:
            continue
        if time.monotonic() > deadline:
            raise ClusterError(f"{left[0]}: this control group can't be removed; processes in it: {members(name)}")
        time.sleep(0.05)


def _folders(name: str) -> Iterator[Path]:
    """The group's folders in every hierarchy, the deepest first."""
    for root in hierarchies():
        for folder, _, _ in os.walk(root / name, topdown=False):  # which passes over those that go meanwhile
            yield Path(folder)

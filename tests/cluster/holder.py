"""Which checkout has the machine's one built cluster."""

from __future__ import annotations

import datetime
import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import click

from pipelines.files import read_json, write_json
from tests.cluster import processes
from tests.cluster.errors import ClusterError
from tests.cluster.layout import Layout


@dataclass(frozen=True)
class Holder:
    """A checkout that started the cluster, and when."""

    checkout: Path
    since: str


@contextmanager
def alone(layout: Layout) -> Iterator[None]:
    """Keep other `make cluster`s of this machine out meanwhile; they wait, and say for whom."""
    layout.cache.mkdir(parents=True, exist_ok=True)
    handle = os.open(layout.cache / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            click.echo(f"waiting for {os.pread(handle, 500, 0).decode() or 'another process'}", err=True)
            fcntl.flock(handle, fcntl.LOCK_EX)
        os.ftruncate(handle, 0)
        os.pwrite(handle, f"process {os.getpid()} in {Path.cwd()}".encode(), 0)
        yield
    finally:
        os.close(handle)


def find(layout: Layout) -> Holder | None:
    """The holder, if the cluster is held."""
    found = read_json(layout.run / "holder.json")
    return Holder(Path(found["checkout"]), found["since"]) if found else None


def hold(layout: Layout, checkout: Path) -> None:
    """Take the cluster for this checkout."""
    held = find(layout)
    if held is None or held.checkout != checkout:
        since = datetime.datetime.now().astimezone().isoformat(timespec="seconds")
        write_json(layout.run / "holder.json", {"checkout": str(checkout), "since": since})


def stale(layout: Layout, checkout: Path) -> str | None:
    """Why another checkout's cluster can be cleared away: its folder is gone, or none of its processes lives."""
    held = find(layout)
    if held is None or held.checkout == checkout:
        return None
    if not held.checkout.is_dir():
        return f"{held.checkout}, which held the cluster, is gone"
    if not processes.recorded(layout):
        return f"the cluster of {held.checkout} is dead"
    return None


def refuse(layout: Layout, checkout: Path) -> None:
    """Raise where another checkout holds the cluster."""
    held = find(layout)
    if held and held.checkout != checkout and not stale(layout, checkout):
        raise ClusterError(
            f"the machine's test cluster belongs to {held.checkout}, since {held.since}. "
            f"Take it down there first: make -C {held.checkout} cluster-down"
        )

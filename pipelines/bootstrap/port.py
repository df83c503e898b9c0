"""Whether the service's port is free, and who has it where it is not."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import socket
from pathlib import Path

PROC = Path("/proc")
LISTENING = "0A"  # the state of a listening socket in /proc/net/tcp


def problems(root: Path, port: int) -> list[str]:
    """Why the service of the checkout `root` can't have `port`, as one line; none where it has it already."""
    refused = refusal(port)
    if refused is None:
        return []
    other = f"take another port: make up PORT={port + 1 if 1024 <= port < 65535 else 8080}"
    if refused != errno.EADDRINUSE:
        return [f"port {port} can't be had ({os.strerror(refused)}): {other}"]
    pid = holder(port)
    if pid is None:
        return [f"port {port} is in use by another user's process: {other}"]
    if pid in service_pids(root):
        return []
    command = command_of(pid)
    mend = f"make down in its checkout (or kill {pid})" if "pipelines.serving" in command else f"kill {pid}"
    return [f"port {port} is in use by process {pid} ({command}): {mend}, or {other}"]


def refusal(port: int) -> int | None:
    """The error number with which the machine refuses `port` on 127.0.0.1, or None."""
    with socket.socket() as candidate:
        candidate.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            candidate.bind(("127.0.0.1", port))
        except OverflowError:
            return errno.EINVAL
        except OSError as error:
            return error.errno
    return None


def holder(port: int) -> int | None:
    """The process that listens on `port`, where we may know."""
    inodes = listening_inodes(port)
    pids = (int(entry.name) for entry in PROC.iterdir() if entry.name.isdigit()) if PROC.exists() else ()
    return next((pid for pid in pids if has_socket(pid, inodes)), None)


def listening_inodes(port: int) -> set[str]:
    """The inodes of the sockets that listen on `port`, as the kernel's tables tell them."""
    inodes = set()
    for table in ("tcp", "tcp6"):
        with contextlib.suppress(OSError):
            for line in (PROC / "net" / table).read_text().splitlines()[1:]:
                fields = line.split()
                if fields[3] == LISTENING and int(fields[1].rpartition(":")[2], 16) == port:
                    inodes.add(fields[9])
    return inodes


def has_socket(pid: int, inodes: set[str]) -> bool:
    """Whether a process has one of these sockets open; False where it has ended or is another user's."""
    sockets = {f"socket:[{inode}]" for inode in inodes}
    with contextlib.suppress(OSError):
        for descriptor in (PROC / str(pid) / "fd").iterdir():
            with contextlib.suppress(OSError):
                if os.readlink(str(descriptor)) in sockets:  # noqa: PTH115 (Path.readlink came with Python 3.9)
                    return True
    return False


def command_of(pid: int) -> str:
    """A process's command line, cut to a screen's width; empty where it has ended."""
    with contextlib.suppress(OSError):
        words = (PROC / str(pid) / "cmdline").read_bytes().split(b"\0")
        return b" ".join(words).decode(errors="replace").strip()[:80]
    return ""


def service_pids(root: Path) -> set[int]:
    """The processes of this checkout's own services, as they wrote them down when they were ready."""
    pids = set()
    for ready in root.glob(".stillhouse/service/*/ready.json"):
        with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
            pids.add(int(json.loads(ready.read_text(encoding="utf-8"))["pid"]))
    return pids

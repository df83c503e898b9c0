"""Starts the service and what it is measured against, each as a process of its own."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from make_model import model_folder

HERE = Path(__file__).parent
ROOT = HERE.parents[1]


class Peer(NamedTuple):
    """A running process that answers at a port."""

    name: str
    port: int
    process: subprocess.Popen[bytes]
    start_seconds: float

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def memory(self) -> float:
        """Resident memory in MB (10^6 bytes)."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        line = next(line for line in status.splitlines() if line.startswith("VmRSS"))
        return int(line.split()[1]) * 1024 / 1e6


@contextmanager
def service(scratch: Path) -> Iterator[Peer]:
    """The service, access log and metrics on."""
    command = ["-m", "pipelines.serving", "--model", str(model_folder(scratch))]
    log = ["--access-log", str(scratch / "access.log"), "--drain", "0"]
    with _running("stillhouse", [*command, *log, "--port"], scratch) as peer:
        yield peer


@contextmanager
def uvicorn_peer(name: str, app: str, scratch: Path) -> Iterator[Peer]:
    """An app on the same uvicorn with the same loop and parser, without an access log."""
    options = ["--loop", "uvloop", "--http", "httptools", "--no-access-log", "--log-level", "critical"]
    with _running(name, ["-m", "uvicorn", app, *options, "--app-dir", str(HERE), "--port"], scratch) as peer:
        yield peer


@contextmanager
def _running(name: str, arguments: list[str], scratch: Path) -> Iterator[Peer]:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    environment = {**os.environ, "STILLHOUSE_BENCH_MODEL": str(model_folder(scratch))}
    started = time.perf_counter()
    process = subprocess.Popen([sys.executable, *arguments, str(port)], cwd=ROOT, env=environment)
    try:
        yield Peer(name, port, process, _first_answer(name, process, port, started))
    finally:
        process.terminate()
        process.wait(timeout=30)


def _first_answer(name: str, process: subprocess.Popen[bytes], port: int, started: float) -> float:
    """Seconds from the start to the first answer."""
    while time.perf_counter() - started < 30:
        if process.poll() is not None:
            break
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/recommend?whisky=Ardbeg", timeout=5).close()
        except (urllib.error.URLError, ConnectionError):
            time.sleep(0.002)
        else:
            return time.perf_counter() - started
    raise SystemExit(f"{name} did not start")

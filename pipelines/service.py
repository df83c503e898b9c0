"""Start, find, reload and stop the service on this machine, through the file it writes when it is ready."""

from __future__ import annotations

import ctypes
import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import pipelines
from pipelines.errors import StillhouseError
from pipelines.files import read_json, write_json

START_SECONDS = 15.0
STOP_SECONDS = 30.0
READY = "ready.json"
LOG = "service.log"

_PR_SET_PDEATHSIG = 1

# The services that this process started itself.
_children: dict[int, subprocess.Popen[bytes]] = {}


class ServiceError(StillhouseError):
    """The service did not start, answer or stop."""


@dataclass(frozen=True)
class Ready:
    """A service that answers: its address, its process and the version of its model."""

    url: str
    pid: int
    model: str


def start(model: Path, folder: Path, port: int = 0, *, stay: bool = True) -> Ready:
    """Start a service on `model` in the background; its log and ready file go to `folder`.

    `port` 0 takes a free one. It outlives us where it is to `stay`, else it ends with us, without delay. Returns once
    it answers. Raises ServiceError with its own words when it does not.
    """
    folder.mkdir(parents=True, exist_ok=True)
    ready_file = folder / READY
    ready_file.unlink(missing_ok=True)
    command = [sys.executable, "-m", "pipelines.serving", "--model", str(model), "--port", str(port)]
    command += ["--ready-file", str(ready_file), "--access-log", str(folder / "access.log")]
    command += [] if stay else ["--drain", "0"]
    with (folder / LOG).open("wb") as log:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd=folder,
            env=_env(),
            start_new_session=stay,
            preexec_fn=None if stay else _end_with_parent,  # we have no threads
        )
    _children[process.pid] = process
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        found = _read(ready_file)
        if found:
            write_json(folder / "started.json", {"code": code_hash(), "pid": found.pid})
            return found
        if process.poll() is not None:
            break
        time.sleep(0.01)
    process.kill()
    process.wait()
    tail = (folder / LOG).read_text(errors="replace").strip().splitlines()[-5:] or [f"nothing in {START_SECONDS} s"]
    raise ServiceError("the service did not start; it said:\n" + "\n".join(f"    {line}" for line in tail))


def find(folder: Path) -> Ready | None:
    """The service whose files lie in `folder`, if it is alive; by its command where its ready file is lost."""
    found = _read(folder / READY)
    return found if found and _is_service(found.pid) else _find_process(folder / READY)


def reload(ready: Ready, version: str, folder: Path) -> Ready:
    """Have the running service take up the model its folder now leads to; no request is dropped."""
    os.kill(ready.pid, signal.SIGHUP)
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if served_version(ready.url) == version:
            return Ready(ready.url, ready.pid, version)
        time.sleep(0.01)
    raise ServiceError(
        f"the service at {ready.url} did not take up model {version[:12]} in {START_SECONDS:.0f} s and serves the "
        f"old one. Its log says why: {folder / LOG}"
    )


def stop(ready: Ready) -> None:
    """Let the service finish what it is answering, then end it."""
    os.kill(ready.pid, signal.SIGTERM)
    deadline = time.monotonic() + STOP_SECONDS
    while _is_service(ready.pid):
        if time.monotonic() > deadline:
            raise ServiceError(f"the service did not stop in {STOP_SECONDS:.0f} s. End it: kill -9 {ready.pid}")
        time.sleep(0.01)
    if ready.pid in _children:
        _children.pop(ready.pid).wait()


@contextmanager
def running(model: Path, folder: Path) -> Iterator[Ready]:
    """A service on a free port for the length of a `with` block; nobody else uses it, so it ends without delay."""
    ready = start(model, folder, stay=False)
    try:
        yield ready
    finally:
        stop(ready)


def served_version(url: str) -> str | None:
    """The version of the model that the service at `url` serves; None when it does not answer as ours."""
    try:
        with urllib.request.urlopen(f"{url}/readyz", timeout=2) as answer:  # noqa: S310
            version = json.load(answer).get("model")
    except (OSError, ValueError, AttributeError):
        return None
    return str(version) if version else None


def started_with(folder: Path) -> str | None:
    """The hash of the code that the running service was started with."""
    started = read_json(folder / "started.json")
    return str(started["code"]) if started else None


def code_hash() -> str:
    """A hash of the service's own code, which is what the image ships: when it changes, it must be started anew."""
    from pipelines.image.app import app_layer  # loads numpy, which most of this module does without

    return app_layer(Path(pipelines.__file__).parents[1]).digest


def _read(ready_file: Path) -> Ready | None:
    try:
        found = read_json(ready_file)
        return Ready(found["url"], int(found["pid"]), found["model"]) if found else None
    except (ValueError, KeyError, TypeError):
        return None


def _find_process(ready_file: Path) -> Ready | None:
    """The service that was started with this ready file."""
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):
            words = entry.read_bytes().decode(errors="replace").split("\0")
            if "pipelines.serving" in words and str(ready_file) in words:
                url = f"http://127.0.0.1:{words[words.index('--port') + 1]}"
                return Ready(url, int(entry.parent.name), served_version(url) or "")
    return None


def _is_service(pid: int) -> bool:
    """Whether `pid` is a live service of ours, and not a stranger with a number used again."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
        command = Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False
    if pid in _children:
        _children[pid].poll()  # or it stays a zombie
    return stat.rsplit(")", 1)[1].split()[0] != "Z" and b"pipelines.serving" in command


def _end_with_parent() -> None:
    """In the new process: ask the kernel for SIGTERM when the parent is gone, however that comes about."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def _env() -> dict[str, str]:
    """The service imports the package that we run from, wherever it is started."""
    return {**os.environ, "PYTHONPATH": str(Path(pipelines.__file__).parent.parent)}

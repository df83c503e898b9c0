"""One step in its pod: lay in what it needs, run its command from dvc.yaml, hand on what it declared."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from threading import Thread
from typing import IO

from pipelines.analysis import Analysis
from pipelines.cluster import handover
from pipelines.cluster.errors import ClusterError
from pipelines.cluster.places import DIGEST, EXECUTED, LOG, STEP, Pod, StepOrder
from pipelines.files import write_json, write_text

LOCK = "uv.lock"
SHELL = "/bin/sh"
SAID_LINES = 80
_LAST_WORDS = 2.0  # seconds for what the command printed to arrive, once it has ended


def execute(order: StepOrder, digests: Mapping[str, str], pod: Pod) -> bool:
    """Do one step and say how in the parcel, whichever way it went; returns whether it did what dvc.yaml says.

    `digests`: of what each needed step handed on, as the controller noted them.
    """
    began = time.monotonic()
    pod.parcel.mkdir(parents=True, exist_ok=True)
    try:
        check_lock(pod.checkout / LOCK, pod.image / LOCK)
        for need, outs in order.needs.items():
            handover.unpack(pod.inputs / need, outs, digests[need], pod.checkout)
        message = _run(order, pod)
        if not message:
            write_text(pod.parcel / DIGEST, handover.pack(pod.checkout, order.outs, pod.parcel))
    except ClusterError as error:
        message = str(error)
        print(f"✗ {error}", file=sys.stderr, flush=True)
    _keep_notebook(order, pod)
    status = "failed" if message else "ran"
    seconds = round(time.monotonic() - began, 3)
    write_json(pod.parcel / STEP, {"name": order.name, "status": status, "seconds": seconds, "message": message})
    return not message


def check_lock(checkout: Path, image: Path) -> None:
    """Refuse a commit that locks another environment than the image's: its model could not be made again."""
    if not checkout.is_file():
        raise ClusterError(f"{checkout.name}: the commit has none, so nobody knows what its steps need. Commit one.")
    if not image.is_file():
        raise ClusterError(f"{image}: the pipeline image has no lock file, so it is none of ours. Make it: make images")
    ours, theirs = (hashlib.sha256(path.read_bytes()).hexdigest() for path in (image, checkout))
    if ours != theirs:
        raise ClusterError(
            f"{checkout.name}: the commit's ({theirs[:12]}) is not that of the pipeline image ({ours[:12]}), so the "
            "steps would run with other packages than it locks. Build the images of this commit (make images), give "
            "the platform their digests, and push again."
        )


def _run(order: StepOrder, pod: Pod) -> str:
    """Run the step's command and return why it failed, or an empty text. What it prints goes to the log and to ours."""
    for out in order.outs:  # as DVC does: nothing of an earlier run may pass for what this one wrote
        handover.remove(pod.checkout / out)
        (pod.checkout / out).parent.mkdir(parents=True, exist_ok=True)
    # The commit's own code first: what its steps import is what it was pushed with.
    paths = [str(pod.checkout), *filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep))]
    programs = [str(Path(sys.executable).parent), os.environ.get("PATH", "")]  # `stillhouse`, as in graph.reproduce
    process = subprocess.Popen(
        [SHELL, "-ec", order.command],
        cwd=pod.checkout / order.folder,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(paths), "PATH": os.pathsep.join(programs)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    assert process.stdout  # noqa: S101  # it is a pipe
    log = pod.parcel / LOG
    listener = Thread(target=_listen, args=(process.stdout, log), daemon=True)
    listener.start()
    code = process.wait()
    listener.join(_LAST_WORDS)  # no longer: a process that the step left behind may hold the pipe for ever
    return "" if code == 0 else _said(log) or f"its command ended with {code} and said nothing: {order.command}"


def _listen(source: IO[bytes], log: Path) -> None:
    with source, log.open("wb") as file:
        for line in source:
            file.write(line)
            file.flush()
            sys.stdout.buffer.write(line)
            sys.stdout.buffer.flush()


def _said(log: Path) -> str:
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    return "\n".join(lines[-SAID_LINES:]).strip()


def _keep_notebook(order: StepOrder, pod: Pod) -> None:
    executed = Analysis(pod.checkout, pod.checkout / order.analysis).executed / (order.notebook or "")
    if order.notebook and executed.is_file():
        shutil.copyfile(executed, pod.parcel / EXECUTED)

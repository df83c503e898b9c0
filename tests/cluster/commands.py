"""Run other programs, and say what they said when they fail."""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from tests.cluster.errors import ClusterError


def run(
    *command: str | Path,
    stdin: str | None = None,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    seconds: float | None = 120,
) -> str:
    """What the program prints. Raises ClusterError with the last lines it said where it fails or takes too long."""
    words = [str(word) for word in command]
    variables = {**os.environ, **env} if env else None
    try:
        done = subprocess.run(
            words, input=stdin, env=variables, cwd=cwd, capture_output=True, text=True, check=False, timeout=seconds
        )
    except FileNotFoundError:
        raise ClusterError(f"{words[0]}: there is no such program here") from None
    except subprocess.TimeoutExpired:
        raise ClusterError(f"{' '.join(words[:6])}: not done after {seconds} s") from None
    if done.returncode:
        said = (done.stderr.strip() or done.stdout.strip()).splitlines()[-8:]
        lines = "\n".join(f"    {line}" for line in said)
        raise ClusterError(f"{' '.join(words[:6])} failed ({done.returncode}):\n{lines}")
    return done.stdout


@dataclass(frozen=True)
class Kubectl:
    """kubectl for one cluster."""

    program: Path | str
    kubeconfig: Path

    def __call__(self, *arguments: str, stdin: str | None = None, seconds: float = 120) -> str:
        """What kubectl prints."""
        return run(self.program, f"--kubeconfig={self.kubeconfig}", *arguments, stdin=stdin, seconds=seconds)

    def get(self, *arguments: str) -> Any:
        """What `kubectl get` returns, as JSON."""
        return json.loads(self("get", *arguments, "--output=json"))

    def apply(self, manifest: str) -> None:
        """Apply documents; applied again, they change nothing."""
        flags = ["--server-side", "--force-conflicts", "--field-manager=stillhouse-cluster"]
        self("apply", *flags, "-f", "-", stdin=manifest)


def wait_until(what: str, seconds: float, ready: Callable[[], bool], *, remedy: str = "", pause: float = 0.1) -> None:
    """Ask `ready` until it says yes. Raises ClusterError that names `what` did not come about, and the `remedy`."""
    deadline = time.monotonic() + seconds
    while not ready():
        if time.monotonic() > deadline:
            raise ClusterError(f"{what}: not so after {seconds:.0f} s. {remedy}".rstrip())
        time.sleep(pause)


class Steps:
    """Tell a person what is done, a line each with its seconds."""

    def __init__(self, say: Callable[[str], None] = click.echo) -> None:
        self.say = say
        self._began = time.monotonic()

    def done(self, what: str, note: str = "") -> None:
        """`what` took the time since the step before it."""
        now = time.monotonic()
        self.say(f"  ✓ {what:<26} {now - self._began:6.1f} s{'  ' + note if note else ''}")
        self._began = now

"""helm, called: what is installed, what its releases were made of, install, upgrade, roll back."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from pipelines.cluster.errors import ClusterError
from pipelines.files import write_json

KEPT = 50  # revisions
SECONDS = 180  # until what is installed has to serve


def history(release: str, namespace: str) -> list[dict[str, Any]]:
    """The revisions of a helm release, oldest first; none where it is not installed."""
    try:
        told = _helm("history", release, "--namespace", namespace, "--max", str(KEPT), "--output", "json")
    except ClusterError as error:
        if "release: not found" in str(error):
            return []
        raise
    return list(json.loads(told))


def values(release: str, namespace: str, revision: int) -> dict[str, Any]:
    """What a revision was installed with."""
    options = ("--namespace", namespace, "--revision", str(revision), "--output", "json")
    return dict(json.loads(_helm("get", "values", release, *options)) or {})


def upgrade(release: str, chart: Path, namespace: str, what: Mapping[str, Any], why: str) -> None:
    """Install `chart` or bring it up to date, and wait until it serves; where it does not, all is as it was before."""
    with TemporaryDirectory(prefix="stillhouse-") as scratch:
        file = Path(scratch) / "values.json"
        write_json(file, what)
        _helm(
            *("upgrade", release, str(chart), "--install", "--atomic", "--wait", "--timeout", f"{SECONDS}s"),
            *("--namespace", namespace, "--history-max", str(KEPT), "--values", str(file), "--description", why),
        )


def rollback(release: str, namespace: str, revision: int) -> None:
    """Install again what a revision was, and wait until it serves."""
    options = ("--wait", "--timeout", f"{SECONDS}s", "--history-max", str(KEPT))
    _helm("rollback", release, str(revision), "--namespace", namespace, *options)


def _helm(*arguments: str) -> str:
    done = subprocess.run([_program(), *arguments], capture_output=True, text=True, check=False)
    if done.returncode:
        raise ClusterError(f"helm {arguments[0]}: {done.stderr.strip() or done.stdout.strip()}")
    return done.stdout


def _program() -> str:
    """The helm of this environment, whatever PATH says; else the machine's."""
    ours = Path(sys.executable).parent / "helm"
    found = str(ours) if ours.exists() else shutil.which("helm")
    if not found:
        raise ClusterError("helm is not there. Set up the environment: uv sync")
    return found

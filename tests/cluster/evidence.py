"""What is kept of a namespace when a test in it failed: its objects, its events, its pods' logs."""

from __future__ import annotations

import re
from pathlib import Path

from pipelines.files import write_text
from tests.cluster.commands import Kubectl
from tests.cluster.errors import ClusterError

_LISTS = {
    "events.txt": ("get", "events", "--sort-by=.lastTimestamp"),
    "objects.txt": ("get", "all,persistentvolumeclaims,configmaps", "--output=wide"),
    "pods.yaml": ("get", "pods", "--output=yaml"),
}


def keep(kubectl: Kubectl, namespace: str, folder: Path) -> None:
    """Write all of it below `folder`; what can't be had is said in its place."""
    for name, command in _LISTS.items():
        write_text(folder / name, _said(kubectl, namespace, *command))
    for pod in _said(kubectl, namespace, "get", "pods", "--output=name").split():
        if pod.startswith("pod/"):
            log = _said(kubectl, namespace, "logs", pod, "--all-containers", "--prefix", "--tail=2000")
            write_text(folder / f"{pod.removeprefix('pod/')}.log", log)


def folder_of(root: Path, test: str) -> Path:
    """The folder for the test with this id, in letters that any file system takes."""
    return root / "cluster" / re.sub(r"[^A-Za-z0-9_.-]+", "-", test).strip("-")


def _said(kubectl: Kubectl, namespace: str, *command: str) -> str:
    try:
        return kubectl("--namespace", namespace, *command, seconds=30)
    except ClusterError as error:
        return f"{error}\n"

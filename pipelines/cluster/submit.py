"""Submit runs: compile an analysis at a commit, hand it to the cluster, follow it to its end."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import chdir
from datetime import datetime
from pathlib import Path
from typing import Any

from pipelines.analysis import find_analysis
from pipelines.cluster import kube, source
from pipelines.cluster.errors import ClusterError
from pipelines.cluster.places import RECORD, VERDICT
from pipelines.cluster.settings import Settings
from pipelines.cluster.workflow import compile_run, run_name
from pipelines.record import StepRecord

POLL = 1.0
_STEP_STATUS = {"Succeeded": "ran", "Failed": "failed", "Error": "failed", "Omitted": "blocked"}
_RETRY = re.compile(r"\(\d+\)$")


def submit(clone: Path, analysis: str, commit: str, settings: Settings) -> tuple[str, bool]:
    """Have `analysis` run at `commit`, which `clone` holds; returns the run's name and whether it is new.

    A commit runs once: whoever asks again gets the run that there is.
    """
    from pipelines.graph import read_steps

    name = run_name(analysis, commit)
    if kube.find(name, settings.runs) is not None:
        return name, False
    with source.checkout(clone, commit) as folder, chdir(folder):  # DVC goes there, and the folder goes away
        found = find_analysis(analysis, folder)
        manifest = compile_run(found, read_steps(found), commit, settings)
    return name, kube.create(manifest)


def follow(name: str, namespace: str, tell: Callable[[StepRecord], None]) -> tuple[bool, str]:
    """Wait for a run's end, telling of each step that ends meanwhile; returns whether it passed, and its verdict."""
    told: set[str] = set()
    while True:
        workflow = kube.find(name, namespace)
        if workflow is None:
            raise ClusterError(f"run {name} is gone from the cluster. Submit it again: stillhouse submit")
        status = workflow.get("status", {})
        for step in _ended(status.get("nodes", {})):
            if step.name not in told:
                told.add(step.name)
                tell(step)
        if status.get("finishedAt"):
            return status["phase"] == "Succeeded", _verdict(status)
        time.sleep(POLL)


def _ended(nodes: Mapping[str, Mapping[str, Any]]) -> Iterator[StepRecord]:
    """The steps that have ended, in that order. A step's own node holds its tries, and ends with the last of them."""
    done = [node for node in nodes.values() if node.get("phase") in _STEP_STATUS and _is_step(node)]
    for node in sorted(done, key=lambda node: str(node.get("finishedAt"))):
        status = _STEP_STATUS[node["phase"]]
        message = str(node.get("message", "")) if status == "failed" else ""
        yield StepRecord(node["displayName"], status, _seconds(node), message)


def _is_step(node: Mapping[str, Any]) -> bool:
    name = str(node["displayName"])
    return node["type"] != "DAG" and not _RETRY.search(name) and not name.endswith(".onExit")


def _seconds(node: Mapping[str, Any]) -> float:
    begun, ended = (datetime.fromisoformat(str(node[key])) for key in ("startedAt", "finishedAt"))
    return (ended - begun).total_seconds()


def _verdict(status: Mapping[str, Any]) -> str:
    """What the record says, carried by the controller; else the controller's own reason."""
    for node in status.get("nodes", {}).values():
        if node.get("templateName") == RECORD:
            for parameter in node.get("outputs", {}).get("parameters", []):
                if parameter["name"] == VERDICT and parameter.get("value"):
                    return str(parameter["value"])
    reasons = [
        f"✗ {node['displayName']}: {node['message']}"
        for node in status.get("nodes", {}).values()
        if node.get("phase") in ("Failed", "Error") and node.get("message") and node["type"] == "Pod"
    ]
    return "\n".join([f"there is no record of it ({status.get('message', 'no reason is known')})", *reasons]) + "\n"

"""Render the charts as `helm template` does, from values a test chooses."""

from __future__ import annotations

import copy
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[2]
CHARTS = ROOT / "helm"
HELM = Path(sys.executable).with_name("helm")
IMAGES = ("hub", "proxy", "singleuser", "pipeline", "serving", "workflowController", "argoExecutor")
# The least that helm/stillhouse has to be told.
LEAST: dict[str, Any] = {
    "images": {name: f"registry.example/stillhouse/{name.lower()}@sha256:{'0123456789abcdef' * 4}" for name in IMAGES},
    "hub": {"trial": True},
}
# The least that it has to be told to run pipelines, too.
PIPELINES: dict[str, Any] = {
    "repository": {"url": "http://git.example/whisky.git"},
    "s3": {"endpoint": "http://s3.example:7070", "bucket": "runs", "credentialsSecret": "s3"},
    "registry": {"repository": "registry.example/models"},
}


class Refused(Exception):
    """helm would not render; its text is what helm said."""


def template(chart: str, values: dict[str, Any], namespace: str = "stillhouse", release: str = "stillhouse") -> str:
    """What helm renders, as text. Raises Refused."""
    command = [str(HELM), "template", release, str(CHARTS / chart), "--namespace", namespace, "--values", "-"]
    done = subprocess.run(command, input=json.dumps(values), capture_output=True, text=True)
    if done.returncode:
        raise Refused(done.stderr)
    return done.stdout


def objects(text: str) -> list[dict[str, Any]]:
    """The objects in a rendered text."""
    return [one for one in yaml.safe_load_all(text) if one]


def least(**changes: Any) -> dict[str, Any]:
    """The least values, with changes at paths like `hub__db__size`; None removes."""
    values = copy.deepcopy(LEAST)
    for path, value in changes.items():
        put(values, path.split("__"), value)
    return values


def put(values: Any, path: list[str], value: Any) -> None:
    """Set what is at a path of names and numbers, or remove it where `value` is None."""
    *above, last = path
    for name in above:
        values = values.setdefault(name, {}) if isinstance(values, dict) else values[int(name)]
    if isinstance(values, list):
        values[int(last)] = value
    elif value is None:
        del values[last]
    else:
        values[last] = value


def pods(rendered: list[dict[str, Any]]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every pod that the objects would lead to: what makes it, and its spec."""
    for one in rendered:
        if one["kind"] in {"Deployment", "StatefulSet", "DaemonSet", "Job"}:
            yield f"{one['kind']}/{one['metadata']['name']}", one["spec"]["template"]["spec"]


def find(rendered: list[dict[str, Any]], kind: str, name: str) -> dict[str, Any]:
    """The one object of a kind and name."""
    (one,) = (one for one in rendered if one["kind"] == kind and one["metadata"]["name"] == name)
    return one

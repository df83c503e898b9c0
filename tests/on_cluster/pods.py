"""Pods that tests run: each passes Pod Security `restricted`, runs one shell command, and is seen to its end."""

from __future__ import annotations

import time
import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from kr8s.objects import Pod

from tests.cluster.handle import Cluster

GPU = "nvidia.com/gpu"
TOLERATION = {"key": GPU, "operator": "Exists", "effect": "NoSchedule"}


def manifest(image: str, command: str, *, pool: str = "cpu", gpus: int = 0, volume: str = "") -> dict[str, Any]:
    """A pod that runs `command`; `volume` names a claim that it finds at /data."""
    container: dict[str, Any] = {
        "name": "main",
        "image": image,
        "command": ["/bin/sh", "-c", command],
        "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}},
        "resources": {"limits": {GPU: str(gpus)}} if gpus else {},
        "volumeMounts": [{"name": "data", "mountPath": "/data"}] if volume else [],
    }
    spec = {
        "restartPolicy": "Never",
        "automountServiceAccountToken": False,
        "terminationGracePeriodSeconds": 1,
        "nodeSelector": {"pool": pool},
        "tolerations": [TOLERATION] if pool == "gpu" else [],
        "securityContext": {"runAsNonRoot": True, "runAsUser": 10001, "seccompProfile": {"type": "RuntimeDefault"}},
        "containers": [container],
        "volumes": [{"name": "data", "persistentVolumeClaim": {"claimName": volume}}] if volume else [],
    }
    return {"metadata": {"name": f"pod-{uuid.uuid4().hex[:6]}"}, "spec": spec}


def start(cluster: Cluster, namespace: str, document: Mapping[str, Any]) -> Pod:
    """Create the pod."""
    pod = Pod({**document, "metadata": {**document["metadata"], "namespace": namespace}}, api=cluster.api)
    pod.create()
    return pod


def wait(pod: Pod, phases: Sequence[str], seconds: float = 60) -> str:
    """Wait until the pod is in one of the phases; returns which."""
    deadline = time.monotonic() + seconds
    while True:
        pod.refresh()
        phase = pod.status.get("phase", "")
        if phase in phases:
            return str(phase)
        assert time.monotonic() < deadline, f"{pod.name} is {phase} after {seconds} s: {pod.status}"
        time.sleep(0.2)


def output(cluster: Cluster, namespace: str, document: Mapping[str, Any], seconds: float = 60) -> str:
    """What the pod's command prints; the command has to succeed."""
    pod = start(cluster, namespace, document)
    phase = wait(pod, ("Succeeded", "Failed"), seconds)
    said = "\n".join(pod.logs())
    assert phase == "Succeeded", said
    return said

"""Kubernetes's Pod Security Standard `restricted`, so far as our pods can break it, as a check of a pod's spec."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

VOLUMES = {
    "configMap",
    "csi",
    "downwardAPI",
    "emptyDir",
    "ephemeral",
    "persistentVolumeClaim",
    "projected",
    "secret",
}
HOST = ("hostNetwork", "hostPID", "hostIPC")


def breaches(spec: dict[str, Any]) -> list[str]:
    """What `restricted` refuses in a pod's spec; none for one that it admits."""
    found = [f"{name} is set" for name in HOST if spec.get(name)]
    for volume in spec.get("volumes") or []:
        found += [f"volume {volume['name']} is a {kind}" for kind in set(volume) - {"name"} - VOLUMES]
    pod = spec.get("securityContext") or {}
    for container in [*spec.get("initContainers", []), *spec["containers"]]:
        found += [f"container {container['name']}: {breach}" for breach in of_container(container, pod)]
    return found


def of_container(container: dict[str, Any], pod: dict[str, Any]) -> Iterator[str]:
    """What is refused in one container of a pod with the security context `pod`."""
    own = container.get("securityContext") or {}
    both = {**pod, **own}
    if own.get("allowPrivilegeEscalation") is not False:
        yield "allowPrivilegeEscalation is not false"
    if own.get("privileged"):
        yield "it is privileged"
    if (own.get("capabilities") or {}).get("drop") != ["ALL"] or own["capabilities"].get("add"):
        yield "it does not drop all capabilities"
    if both.get("runAsNonRoot") is not True:
        yield "runAsNonRoot is not true"
    if both.get("runAsUser") == 0:
        yield "runAsUser is 0"
    if (both.get("seccompProfile") or {}).get("type") not in ("RuntimeDefault", "Localhost"):
        yield "seccompProfile is not RuntimeDefault"
    if any("hostPort" in port for port in container.get("ports") or []):
        yield "it has a hostPort"

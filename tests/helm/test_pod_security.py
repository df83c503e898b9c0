"""The check of `restricted` that other tests trust finds each thing that it is for."""

from __future__ import annotations

import copy

import pytest
from pod_security import breaches

GOOD = {
    "securityContext": {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}},
    "containers": [
        {"name": "a", "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}}
    ],
    "volumes": [{"name": "tmp", "emptyDir": {}}],
}


def changed(*path, to):
    """GOOD with one thing changed, or removed where `to` is None."""
    spec = copy.deepcopy(GOOD)
    place = spec
    for step in path[:-1]:
        place = place[step]
    if to is None:
        del place[path[-1]]
    else:
        place[path[-1]] = to
    return spec


def test_a_restricted_pod_is_admitted():
    assert breaches(GOOD) == []


@pytest.mark.parametrize(
    ("spec", "breach"),
    [
        (changed("hostNetwork", to=True), "hostNetwork is set"),
        (changed("volumes", 0, to={"name": "root", "hostPath": {"path": "/"}}), "volume root is a hostPath"),
        (changed("securityContext", "runAsNonRoot", to=None), "container a: runAsNonRoot is not true"),
        (changed("securityContext", "runAsUser", to=0), "container a: runAsUser is 0"),
        (changed("securityContext", "seccompProfile", to=None), "container a: seccompProfile is not RuntimeDefault"),
        (
            changed("containers", 0, "securityContext", "runAsNonRoot", to=False),
            "container a: runAsNonRoot is not true",
        ),
        (changed("containers", 0, "securityContext", "privileged", to=True), "container a: it is privileged"),
        (
            changed("containers", 0, "securityContext", "allowPrivilegeEscalation", to=None),
            "container a: allowPrivilegeEscalation is not false",
        ),
        (
            changed("containers", 0, "securityContext", "capabilities", "drop", to=["NET_RAW"]),
            "container a: it does not drop all capabilities",
        ),
        (
            changed("containers", 0, "securityContext", "capabilities", "add", to=["NET_ADMIN"]),
            "container a: it does not drop all capabilities",
        ),
        (changed("containers", 0, "ports", to=[{"hostPort": 80}]), "container a: it has a hostPort"),
        (changed("initContainers", to=[{"name": "b"}]), "container b: allowPrivilegeEscalation is not false"),
    ],
)
def test_each_breach_is_found(spec, breach):
    assert breach in breaches(spec)

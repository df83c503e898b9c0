"""What the deciding programs are told."""

from pathlib import Path

import pytest

from tests.cluster import control_plane

PROGRAM = Path("/program")


@pytest.fixture
def flags(layout):
    return dict(word[2:].split("=", 1) for word in control_plane.apiserver(layout, PROGRAM)[1:])


def test_metrics_servers_requests_carry_who_asks(flags):
    assert flags["requestheader-client-ca-file"].endswith("front-ca.crt")
    assert flags["requestheader-client-ca-file"] != flags["client-ca-file"]
    assert flags["enable-aggregator-routing"] == "true"


def test_nodes_may_change_nothing_but_their_own(flags):
    assert flags["authorization-mode"] == "Node,RBAC"
    assert flags["enable-admission-plugins"] == "NodeRestriction"


def test_pod_security_admission_is_not_taken_away(flags):
    assert not [name for name in flags if name.startswith(("disable-admission", "admission-control-config"))]


@pytest.mark.parametrize("make", [control_plane.etcd, control_plane.controller_manager, control_plane.scheduler])
def test_the_others_are_reached_from_this_machine_only(layout, make):
    words = [word for word in make(layout, PROGRAM) if "address" in word or "listen" in word]
    assert words
    assert all("127.0.0.1" in word for word in words)


def test_every_file_they_are_told_of_is_the_cluster_s(layout):
    for make in (
        control_plane.etcd,
        control_plane.apiserver,
        control_plane.controller_manager,
        control_plane.scheduler,
    ):
        paths = [word.partition("=")[2] for word in make(layout, PROGRAM) if "=/" in word]
        assert paths
        assert all(path.startswith(f"{layout.run}/") for path in paths)

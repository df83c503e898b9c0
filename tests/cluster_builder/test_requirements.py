"""What is missing is said at once, with its mend, before anything is done."""

import os
import socket
import threading
from pathlib import Path

import pytest

from tests.cluster import requirements
from tests.cluster.errors import ClusterError


@pytest.fixture
def complete(monkeypatch, tmp_path):
    """A machine that has it all."""
    file = tmp_path / "file"
    file.touch()
    monkeypatch.setattr(requirements, "PACKAGES", {"runc": str(file)})
    monkeypatch.setattr(os, "geteuid", lambda: 0)


def test_a_machine_that_has_it_all_has_no_problem(complete):
    assert requirements.problems() == []


def test_without_root_the_remedy_is_named(complete, monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    (line,) = requirements.problems()
    assert line.endswith("sudo make cluster")


def test_packages_that_only_root_can_install_are_all_named(complete, monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setattr(requirements, "PACKAGES", {"runc": "/nowhere/runc", "containerd": "/nowhere/containerd"})
    assert requirements.problems()[1] == "packages are missing: sudo apt-get install runc containerd"


def test_packages_that_root_installs_are_no_problem(complete, monkeypatch, tmp_path):
    (tmp_path / "apt-get").write_text("#!/bin/sh\n")
    (tmp_path / "apt-get").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(requirements, "PACKAGES", {"runc": "/nowhere/runc"})
    assert requirements.problems() == []
    assert requirements.missing_packages() == ["runc"]
    monkeypatch.setenv("PATH", "")
    assert "take Debian 12" in requirements.problems()[0]


@pytest.mark.parametrize(
    ("version", "problem"),
    [
        (None, "Go is missing: sudo apt-get install"),
        ("go version go1.19.8 linux/amd64", "Go is too old (go1.19): sudo apt-get install"),
        ("go version go1.21.0 linux/amd64", None),
        ("go version go1.26.8 linux/amd64", None),
    ],
)
def test_go_has_to_be_able_to_build_it(layout, monkeypatch, version, problem):
    monkeypatch.setattr(requirements, "DISK_GB", 0)
    found = requirements.build_problems(layout, version)
    assert len(found) == bool(problem)
    assert not problem or found[0].startswith(problem)


def test_a_full_disk_is_said_before_the_build(layout, monkeypatch):
    monkeypatch.setattr(requirements, "DISK_GB", 10**9)
    assert "free some" in requirements.build_problems(layout, "go1.26")[0]


def test_everything_is_said_in_one_message(layout, complete, monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setattr(requirements, "DISK_GB", 10**9)
    with pytest.raises(ClusterError, match=r"(?s)- root is needed.*\n  - .* of disk"):
        requirements.check(layout, builds=True)


def test_a_port_that_a_stranger_has_is_said_with_the_stranger(layout, monkeypatch):
    with socket.socket() as stranger:
        stranger.bind(("127.0.0.1", 0))
        stranger.listen()
        number = stranger.getsockname()[1]
        monkeypatch.setattr(requirements, "PORTS", (number,))
        monkeypatch.setattr(requirements, "PATIENCE", 0.2)
        with pytest.raises(ClusterError, match=rf"port {number}, .* process {os.getpid()} .*kill {os.getpid()}"):
            requirements.check_ports(layout)
    requirements.check_ports(layout)


def test_a_port_whose_owner_is_just_ending_is_waited_for(layout, monkeypatch):
    stranger = socket.create_server(("127.0.0.1", 0))
    monkeypatch.setattr(requirements, "PORTS", (stranger.getsockname()[1],))
    ending = threading.Timer(0.3, stranger.close)
    ending.start()
    requirements.check_ports(layout)
    ending.join()


def test_the_packages_are_debian_s_and_their_files_are_absolute():
    assert all(Path(file).is_absolute() for file in requirements.PACKAGES.values())

"""Who has the service's port."""

import errno
import json
import os
import socket

import pytest

from pipelines.bootstrap import port


@pytest.fixture
def taken():
    """A port on which this very process listens."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def announce(root, pid):
    (root / ".stillhouse" / "service" / "whisky").mkdir(parents=True)
    (root / ".stillhouse" / "service" / "whisky" / "ready.json").write_text(json.dumps({"pid": pid}))


def test_a_free_port_is_no_problem(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as server:
        free = server.getsockname()[1]
    assert port.problems(tmp_path, free) == []


def test_the_process_that_has_it_is_named_with_two_mends(tmp_path, taken):
    assert port.problems(tmp_path, taken) == [
        f"port {taken} is in use by process {os.getpid()} ({port.command_of(os.getpid())}): "
        f"kill {os.getpid()}, or take another port: make up PORT={taken + 1}"
    ]


def test_a_port_taken_on_all_addresses_is_taken(tmp_path):
    with socket.create_server(("", 0), family=socket.AF_INET6, dualstack_ipv6=True) as server:
        assert f"process {os.getpid()}" in port.problems(tmp_path, server.getsockname()[1])[0]


def test_our_own_service_may_have_it(tmp_path, taken):
    announce(tmp_path, os.getpid())
    assert port.problems(tmp_path, taken) == []


@pytest.mark.parametrize("content", ["", "{}", "[]", '{"pid": null}', '{"pid": 1}'])
def test_a_stale_note_of_our_service_excuses_nobody(tmp_path, taken, content):
    announce(tmp_path, 1)
    (tmp_path / ".stillhouse" / "service" / "whisky" / "ready.json").write_text(content)
    assert "is in use" in port.problems(tmp_path, taken)[0]


def test_another_checkouts_service_is_stopped_there(tmp_path, taken, monkeypatch):
    monkeypatch.setattr(port, "command_of", lambda pid: "python -m pipelines.serving --model m")
    assert f": make down in its checkout (or kill {os.getpid()}), or" in port.problems(tmp_path, taken)[0]


def test_another_users_process_is_not_named(tmp_path, taken, monkeypatch):
    monkeypatch.setattr(port, "has_socket", lambda pid, inodes: False)
    assert "in use by another user's process: take another port" in port.problems(tmp_path, taken)[0]


def test_without_proc_the_port_is_still_seen_to_be_taken(tmp_path, taken, monkeypatch):
    monkeypatch.setattr(port, "PROC", tmp_path / "nowhere")
    assert f"port {taken} is in use" in port.problems(tmp_path, taken)[0]


def test_a_port_for_root_only_is_told(tmp_path, monkeypatch):
    monkeypatch.setattr(port, "refusal", lambda number: errno.EACCES)
    assert port.problems(tmp_path, 80) == [
        "port 80 can't be had (Permission denied): take another port: make up PORT=8080"
    ]


def test_a_number_that_is_no_port_is_told(tmp_path):
    assert "port 70000 can't be had" in port.problems(tmp_path, 70000)[0]

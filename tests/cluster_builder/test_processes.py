"""Processes that outlive who started them are found again, and none is mistaken for another."""

import subprocess
import sys
import time

import pytest

from pipelines.files import read_json, write_json
from tests.cluster import processes

SLEEP = ["sleep", "60"]


def test_a_process_is_started_once(layout):
    processes.start(layout, "one", SLEEP)
    first = processes.find(layout, "one")
    processes.start(layout, "one", SLEEP)
    assert first is not None
    assert processes.find(layout, "one") == first
    assert processes.recorded(layout) == [first]


def test_another_command_or_another_configuration_replaces_it(layout, tmp_path):
    config = tmp_path / "config"
    config.write_text("a")
    seen = []
    for command, text in ((SLEEP, "a"), (["sleep", "61"], "a"), (["sleep", "61"], "b")):
        config.write_text(text)
        processes.start(layout, "one", command, config)
        seen.append(processes.find(layout, "one"))
    assert len({process.pid for process in seen}) == 3
    assert [process.alive for process in seen] == [False, False, True]


def test_it_outlives_its_starter(layout):
    code = f"""
from pathlib import Path
from tests.cluster import processes
from tests.cluster.layout import Layout
processes.start(Layout(Path({str(layout.cache)!r})), "one", {SLEEP!r})
"""
    subprocess.run([sys.executable, "-c", code], check=True)
    assert processes.find(layout, "one").alive


def test_a_killed_one_is_started_again(layout):
    processes.start(layout, "one", SLEEP)
    first = processes.find(layout, "one")
    processes.kill([first.pid])
    while first.alive:
        time.sleep(0.01)
    assert processes.find(layout, "one") is None
    processes.start(layout, "one", SLEEP)
    assert processes.find(layout, "one").alive


def test_a_number_used_again_is_another_process(layout):
    processes.start(layout, "one", SLEEP)
    file = layout.run / "processes" / "one.json"
    record = read_json(file)
    write_json(file, {**record, "began": record["began"] - 1})
    assert processes.find(layout, "one") is None


def test_children_and_lost_ones_are_found_by_their_mark(layout):
    processes.start(layout, "parent", ["sh", "-c", "sleep 60 & sleep 61"])
    (layout.run / "processes" / "parent.json").unlink()  # as if the start had been cut short
    deadline = time.monotonic() + 5
    names = []
    while names != ["sh", "sleep", "sleep"] and time.monotonic() < deadline:  # a child is a sh, too, at first
        time.sleep(0.02)
        names = sorted(process.name for process in processes.marked(layout))
    assert names == ["sh", "sleep", "sleep"]
    assert processes.recorded(layout) == []


def test_one_that_does_not_listen_is_ended_all_the_same(layout):
    processes.start(layout, "deaf", ["sh", "-c", "trap '' TERM; while :; do sleep 0.1; done"])
    deaf = processes.find(layout, "deaf")
    time.sleep(0.2)
    processes.stop([deaf], seconds=0.3)
    assert not deaf.alive


def test_what_it_says_last_can_be_told(layout):
    processes.start(layout, "one", ["sh", "-c", "echo first; echo second; exit 3"])
    deadline = time.monotonic() + 5
    while "second" not in processes.log_tail(layout, "one", 1) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert processes.log_tail(layout, "one", 1) == "    second"


@pytest.mark.parametrize("pid", [0, 2**22 + 1])
def test_a_number_that_is_nobodys_has_no_beginning(pid):
    assert processes.began(pid) is None

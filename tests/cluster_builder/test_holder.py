"""One checkout has the cluster; the second is told which."""

import subprocess
import sys

import pytest

from tests.cluster import holder, processes
from tests.cluster.errors import ClusterError


@pytest.fixture
def theirs(layout, tmp_path):
    """Another checkout, whose cluster runs."""
    folder = tmp_path / "theirs"
    folder.mkdir()
    holder.hold(layout, folder)
    processes.start(layout, "etcd", ["sleep", "60"])
    return folder


def test_a_free_cluster_can_be_held_again_and_again(layout, tmp_path):
    holder.refuse(layout, tmp_path)
    holder.hold(layout, tmp_path)
    first = holder.find(layout)
    holder.hold(layout, tmp_path)
    holder.refuse(layout, tmp_path)
    assert holder.find(layout) == first


def test_the_second_checkout_is_told_who_has_it_and_how_to_free_it(layout, theirs, tmp_path):
    with pytest.raises(ClusterError, match=rf"belongs to {theirs}, since .*make -C {theirs} cluster-down"):
        holder.refuse(layout, tmp_path / "ours")


def test_a_holder_whose_folder_is_gone_holds_nothing(layout, theirs, tmp_path):
    theirs.rmdir()
    holder.refuse(layout, tmp_path / "ours")
    assert "is gone" in holder.stale(layout, tmp_path / "ours")


def test_a_holder_whose_processes_are_all_dead_holds_nothing(layout, theirs, tmp_path):
    processes.stop(processes.recorded(layout))
    holder.refuse(layout, tmp_path / "ours")
    assert "is dead" in holder.stale(layout, tmp_path / "ours")


def test_two_at_once_wait_for_each_other(layout):
    code = f"""
from pathlib import Path
from tests.cluster import holder
from tests.cluster.layout import Layout
with holder.alone(Layout(Path({str(layout.cache)!r}))):
    print("in")
"""
    with holder.alone(layout):
        other = subprocess.Popen(
            [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        assert other.stderr.readline().startswith("waiting for process ")
        assert other.poll() is None
    said, _ = other.communicate(timeout=10)
    assert said == "in\n"

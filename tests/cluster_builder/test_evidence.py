"""What is kept of a failed test."""

from pathlib import Path

from tests.cluster import evidence
from tests.cluster.commands import Kubectl

FAKE = """#!/bin/sh
case "$*" in
*"get pods --output=name"*) printf 'pod/a\\npod/b\\n' ;;
*"logs pod/a"*) echo "log of a" ;;
*"logs pod/b"*) echo "b has none" >&2; exit 1 ;;
*"get events"*) echo "it could not be scheduled" ;;
esac
"""


def test_events_objects_and_the_log_of_each_pod_are_kept(tmp_path):
    program = tmp_path / "kubectl"
    program.write_text(FAKE)
    program.chmod(0o755)
    evidence.keep(Kubectl(program, Path("k")), "test-1", tmp_path / "kept")
    assert (tmp_path / "kept" / "events.txt").read_text() == "it could not be scheduled\n"
    assert (tmp_path / "kept" / "a.log").read_text() == "log of a\n"
    assert "b has none" in (tmp_path / "kept" / "b.log").read_text()
    assert (tmp_path / "kept" / "pods.yaml").exists()


def test_its_folder_bears_the_test_s_name(tmp_path):
    folder = evidence.folder_of(tmp_path, "tests/on_cluster/test_cluster.py::test_a[gpu-cpu /x]")
    assert folder == tmp_path / "cluster" / "tests-on_cluster-test_cluster.py-test_a-gpu-cpu-x"

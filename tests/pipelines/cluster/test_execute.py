"""One step in its pod, whichever way it goes."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import pytest

from pipelines.cluster import handover
from pipelines.cluster.errors import ClusterError
from pipelines.cluster.execute import check_lock, execute
from pipelines.cluster.places import StepOrder

OUT = "notebooks/flowers/build/said.txt"


def order(command, outs=(OUT,), needs=None, notebook=None, folder="notebooks/flowers"):
    return StepOrder("talk", "notebooks/flowers", folder, command, tuple(outs), notebook, needs or {})


@pytest.fixture
def pod(new_pod):
    return new_pod("talk", "main")


def told(pod):
    return json.loads((pod.parcel / "step.json").read_text())


def test_a_step_writes_what_it_declares_and_says_so(pod, capfd):
    assert execute(order("echo hello; echo words > build/said.txt"), {}, pod)
    assert told(pod)["status"] == "ran"
    assert told(pod)["seconds"] > 0
    assert (pod.parcel / "log").read_text() == "hello\n"
    assert capfd.readouterr().out == "hello\n"
    assert (pod.parcel / "digest").read_text() == handover.digest(pod.parcel, [OUT])


def test_a_step_that_fails_hands_on_nothing_but_why(pod):
    assert not execute(order("echo words > build/said.txt; echo gate x: it is wrong >&2; exit 3"), {}, pod)
    assert told(pod) | {"seconds": 0} == {
        "name": "talk",
        "status": "failed",
        "message": "gate x: it is wrong",
        "seconds": 0,
    }
    assert not (pod.parcel / "digest").exists()
    assert not (pod.parcel / "outs").exists()


def test_a_step_that_fails_silently_is_told_of(pod):
    assert not execute(order("exit 4"), {}, pod)
    assert told(pod)["message"] == "its command ended with 4 and said nothing: exit 4"


def test_a_step_that_does_not_write_what_it_declares_failed(pod):
    assert not execute(order("true"), {}, pod)
    assert told(pod)["message"].startswith(f"{OUT}: the step declares it")


def test_what_lay_there_before_does_not_pass_for_what_the_step_wrote(pod):
    (pod.checkout / OUT).parent.mkdir(exist_ok=True)
    (pod.checkout / OUT).write_text("of an earlier run")
    assert not execute(order("true"), {}, pod)


def test_a_step_sees_what_it_needs_and_the_commits_own_code(pod, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", "/elsewhere")
    (pod.checkout / "mine.py").write_text("")
    parcel = pod.inputs / "before"
    source = pod.checkout.parent / "source"
    (source / "notebooks" / "flowers").mkdir(parents=True)
    (source / "notebooks" / "flowers" / "given.txt").write_text("given")
    digest = handover.pack(source, ["notebooks/flowers/given.txt"], parcel)
    command = f"cat given.txt > build/said.txt; {sys.executable} -c 'import mine'; echo $PYTHONPATH"
    assert execute(order(command, needs={"before": ("notebooks/flowers/given.txt",)}), {"before": digest}, pod)
    assert (pod.parcel / "outs" / OUT).read_text() == "given"
    assert (pod.parcel / "log").read_text() == f"{pod.checkout}:/elsewhere\n"


def test_a_step_runs_where_dvc_yaml_says(pod):
    assert execute(order("echo here > ../build/said.txt", folder="notebooks/flowers/data"), {}, pod)


def test_each_line_of_a_command_has_to_succeed(pod):
    assert not execute(order("touch build/said.txt\nfalse\ntrue"), {}, pod)


def test_what_comes_with_another_digest_is_not_touched(pod):
    handover.pack(pod.checkout, ["uv.lock"], pod.inputs / "before")
    assert not execute(order("touch build/said.txt", needs={"before": ("uv.lock",)}), {"before": "0" * 64}, pod)
    assert "somebody changed it in between" in told(pod)["message"]
    assert not (pod.checkout / OUT).exists()


def test_a_process_left_behind_holds_nobody_up(pod):
    began = time.monotonic()
    assert execute(order("touch build/said.txt; sleep 9 &"), {}, pod)
    assert time.monotonic() - began < 7


def test_an_executed_notebook_is_kept_of_a_failed_step_too(pod):
    command = "mkdir -p build/executed; echo {} > build/executed/a.ipynb; exit 1"
    assert not execute(order(command, notebook="a.ipynb"), {}, pod)
    assert (pod.parcel / "executed.ipynb").read_text() == "{}\n"


def test_a_commit_with_another_lock_is_refused_before_anything_runs(pod):
    (pod.image / "uv.lock").write_text("locked = 2\n")
    assert not execute(order("touch build/said.txt"), {}, pod)
    assert "Build the images of this commit (make images)" in told(pod)["message"]
    assert not (pod.checkout / OUT).exists()


def test_the_lock_files_have_to_be_there(tmp_path):
    there, none = tmp_path / "uv.lock", tmp_path / "none.lock"
    there.write_text("")
    check_lock(there, there)
    with pytest.raises(ClusterError, match=r"none.lock: the commit has none"):
        check_lock(none, there)
    with pytest.raises(ClusterError, match="no lock file, so it is none of ours"):
        check_lock(there, Path(none))

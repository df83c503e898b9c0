"""What DVC knows of an analysis."""

from __future__ import annotations

import os

import pytest

from pipelines import graph
from pipelines.analysis import Analysis
from pipelines.errors import StillhouseError
from pipelines.graph import Step


def test_steps_come_in_the_order_of_their_needs(flowers: Analysis) -> None:
    steps = {step.name: step for step in graph.read_steps(flowers)}
    assert list(steps) == ["gate-input", "prepare", "train", "gate-quality"]
    assert steps["prepare"].needs == ("gate-input",)
    assert steps["train"].outs == {flowers.model, flowers.metrics, flowers.summary}
    assert not any(step.current for step in steps.values())


def test_after_a_run_all_is_current_until_an_input_changes(ran: Analysis) -> None:
    assert all(step.current for step in graph.read_steps(ran))
    (ran.folder / "data" / "flowers.csv").write_text("name,petal,sepal\nrose,1,2\ntulip,2,4\n")
    assert [step.name for step in graph.read_steps(ran) if step.current] == ["train", "gate-quality"]


@pytest.mark.parametrize(
    ("command", "notebook"),
    [
        ("stillhouse step 01-a.ipynb -p k 5", "01-a.ipynb"),
        ("stillhouse step '01-a.ipynb'", "01-a.ipynb"),
        ("stillhouse gate unit", None),
        ("python train.py", None),
    ],
)
def test_a_steps_notebook_is_read_from_its_command(command: str, notebook: str | None) -> None:
    assert Step("a", (), command, current=False).notebook == notebook


@pytest.mark.parametrize(
    "definition",
    [
        "stages:\n  a:\n    cmd: x\n    deps: [b]\n    outs: [c]\n  d:\n    cmd: x\n    deps: [c]\n    outs: [b]\n",
        "stages:\n  a:\n    cmd: x ${nothing}\n",
        "stages:\n  a:\n    command: x\n",
    ],
    ids=["cycle", "unknown parameter", "misspelt key"],
)
def test_a_definition_that_dvc_refuses_is_told(flowers: Analysis, definition: str) -> None:
    flowers.definition.write_text(definition)
    with pytest.raises(StillhouseError, match=r"dvc\.yaml"):
        graph.read_steps(flowers)


def test_the_key_of_a_result_changes_with_what_it_came_from(ran: Analysis) -> None:
    before = graph.step_key(ran, "train")
    assert before
    assert graph.step_key(ran, "no-such-step") is None
    ran.lock.write_text(ran.lock.read_text().replace("-p factor 2", "-p factor 3"))
    assert graph.step_key(ran, "train") != before


def test_a_lock_held_for_a_moment_is_waited_for(ran: Analysis) -> None:
    """DVC itself asks every half a second and gives up after three."""
    pid = os.fork()
    if pid == 0:
        repo = graph._open(ran)
        with repo.lock:
            (ran.root / "held").touch()
            os.close(0)
            import time

            time.sleep(0.3)
        os._exit(0)
    while not (ran.root / "held").exists():
        pass
    assert all(step.current for step in graph.read_steps(ran))
    os.waitpid(pid, 0)


def test_a_command_of_several_lines_and_a_folder_of_its_own(flowers: Analysis) -> None:
    flowers.definition.write_text("stages:\n  a:\n    wdir: data\n    cmd: [echo a, echo b]\n    outs: [x.txt]\n")
    (step,) = graph.read_steps(flowers)
    assert step.command == "echo a\necho b"
    assert step.folder == flowers.folder / "data"

"""Whole runs of the flowers analysis, with DVC, papermill and pytest as they are."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from pathlib import Path

import pytest
from flowers import make_checkout

from pipelines import record
from pipelines.analysis import Analysis
from pipelines.errors import StillhouseError
from pipelines.progress import Progress
from pipelines.record import Record
from pipelines.run import run


def quiet() -> Progress:
    return Progress(io.StringIO())


def how(entry: Record) -> dict[str, str]:
    return {step.name: step.status for step in entry.steps}


def test_runs_everything_once_and_then_nothing(flowers: Analysis) -> None:
    first = run(flowers, quiet())
    assert first.status == "passed"
    assert set(how(first).values()) == {"ran"}
    assert first.metrics == {"size": 7.0}
    assert first.gates["quality"] == {"passed": True, "status": "ran", "checks": 1}
    assert first.model == json.loads((flowers.model / "model.json").read_text())["version"]
    pages = record.folder(flowers, first)
    assert "3 flowers" in (pages / "prepare.html").read_text()
    assert "prepare.html" in (pages / "index.html").read_text()

    second = run(flowers, quiet())
    assert set(how(second).values()) == {"cached"}
    assert "3 flowers" in (record.folder(flowers, second) / "prepare.html").read_text()
    assert [one.id for one in record.load_all(flowers)] == [first.id, second.id]


def test_a_changed_parameter_runs_only_what_depends_on_it(ran: Analysis) -> None:
    ran.params.write_text("factor: 3\n")
    assert how(run(ran, quiet())) == {
        "gate-input": "cached",
        "prepare": "cached",
        "train": "ran",
        "gate-quality": "ran",
    }
    ran.params.write_text("factor: 2\n")
    assert how(run(ran, quiet()))["train"] == "restored"


def test_bad_data_is_stopped_at_the_gate_and_what_came_before_stays(ran: Analysis) -> None:
    good = record.find(ran, "latest")
    model = (ran.model / "model.json").read_bytes()
    data = ran.folder / "data" / "flowers.csv"
    data.write_text(data.read_text() + "weed,-1,2\n")
    out = io.StringIO()
    bad = run(ran, Progress(out))
    assert bad.status == "failed"
    assert how(bad) == {"gate-input": "failed", "prepare": "blocked", "train": "blocked", "gate-quality": "blocked"}
    assert "flowers.csv, row 4: a size of -1. Measure it again." in out.getvalue()
    assert bad.gates["input"]["status"] == "failed"
    assert bad.metrics == {}
    assert (ran.model / "model.json").read_bytes() == model
    assert record.find(ran, bad.id).data != record.find(ran, good.id).data


def test_a_failing_cell_is_shown_with_notebook_cell_error_and_path(flowers: Analysis) -> None:
    notebook = flowers.folder / "01-prepare.ipynb"
    notebook.write_text(notebook.read_text().replace("print(len(rows)", "print(1 / 0, len(rows)"))
    out = io.StringIO()
    entry = run(flowers, Progress(out))
    said = out.getvalue()
    assert "01-prepare.ipynb: cell" in said
    assert "print(1 / 0, len(rows), 'flowers')" in said
    assert "ZeroDivisionError: division by zero" in said
    assert str(record.folder(flowers, entry) / "prepare.ipynb") in said
    assert (record.folder(flowers, entry) / "prepare.ipynb").exists()
    assert "ZeroDivisionError" in (record.folder(flowers, entry) / "prepare.html").read_text()


def test_overrides_run_in_a_copy_and_leave_the_checkout_alone(ran: Analysis) -> None:
    before = {path: path.read_bytes() for path in ran.folder.rglob("*") if path.is_file()}
    entry = run(ran, quiet(), overrides={"factor": 5})
    assert entry.metrics == {"size": 17.5}
    assert entry.overrides == {"factor": 5}
    assert how(entry)["prepare"] == "restored"
    assert {path: path.read_bytes() for path in ran.folder.rglob("*") if path.is_file()} == before
    assert list((ran.state / "trials").iterdir()) == []


def test_a_failed_trial_is_recorded_too(flowers: Analysis) -> None:
    entry = run(flowers, quiet(), overrides={"factor": 50})
    assert entry.status == "failed"
    assert entry.gates["quality"]["status"] == "failed"
    assert record.find(flowers, entry.id).params == {"factor": 50}


def test_an_unknown_parameter_is_refused_and_recorded_as_failed(flowers: Analysis) -> None:
    with pytest.raises(StillhouseError, match=r"no parameter colour\. It has: factor"):
        run(flowers, quiet(), overrides={"colour": 1})
    assert [one.status for one in record.load_all(flowers)] == ["failed"]


def test_two_runs_at_once_are_refused(ran: Analysis) -> None:
    code = (
        "import io; from pipelines.run import _only_run; from pipelines.analysis import find_analysis\n"
        "with _only_run(find_analysis()): print('held', flush=True); input()"
    )
    holder = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert holder.stdout
    assert holder.stdout.readline() == "held\n"
    with pytest.raises(StillhouseError, match=rf"another run is under way in this checkout \(process {holder.pid}"):
        run(ran, quiet())
    holder.communicate("\n")
    assert run(ran, quiet()).status == "passed"


def test_dvc_repro_by_hand_does_just_as_well(flowers: Analysis) -> None:
    dvc = Path(sys.executable).parent / "dvc"
    path = f"{dvc.parent}:/usr/bin:/bin"
    subprocess.run([dvc, "repro", "-q"], cwd=flowers.folder, check=True, env={"PATH": path, "HOME": str(flowers.root)})
    by_hand = json.loads((flowers.model / "model.json").read_text())["version"]
    entry = run(flowers, quiet())
    assert set(how(entry).values()) == {"cached"}
    assert entry.model == by_hand
    assert "3 flowers" in (record.folder(flowers, entry) / "prepare.html").read_text()


def test_an_unreadable_definition_says_so(flowers: Analysis) -> None:
    flowers.definition.write_text("stages: [")
    with pytest.raises(StillhouseError, match=r"dvc\.yaml"):
        run(flowers, quiet())


def test_the_same_commit_gives_the_same_model_in_another_folder(ran: Analysis, tmp_path: Path) -> None:
    other = make_checkout(tmp_path / "elsewhere")
    entry = run(other, quiet())
    assert set(how(entry).values()) == {"ran"}
    assert entry.model == record.find(ran, "latest").model


def test_a_failed_run_does_not_pass_on_older_metrics(ran: Analysis) -> None:
    ran.params.write_text("factor: three\n")
    entry = run(ran, quiet())
    assert how(entry)["train"] == "failed"
    assert entry.metrics == {}
    assert entry.model is None

"""The command line as a person meets it."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from pipelines.analysis import Analysis
from pipelines.cli import main
from pipelines.record import load_all


def stillhouse(*arguments: str) -> Result:
    return CliRunner().invoke(main, list(arguments))


@pytest.mark.parametrize("command", [[], *([name] for name in main.commands)], ids=lambda words: " ".join(words) or "-")
def test_every_command_has_help(command: list[str]) -> None:
    said = stillhouse(*command, "--help")
    assert said.exit_code == 0
    assert said.output.startswith("Usage: ")


def test_an_error_is_one_message_without_a_traceback(tmp_path: Path) -> None:
    command = [Path(sys.executable).parent / "stillhouse", "run"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.startswith("✗ ")
    assert "Change into the checkout" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_run_that_does_not_pass_fails_the_command(ran: Analysis) -> None:
    said = stillhouse("run", "-S", "factor=50")
    assert said.exit_code == 1
    assert "gate-quality" in said.output
    assert "failed in" in said.output


def test_sigterm_stops_a_run_and_its_record_says_so(flowers: Analysis) -> None:
    notebook = flowers.folder / "01-prepare.ipynb"
    notebook.write_text(notebook.read_text().replace("print(len(rows)", "import time; time.sleep(60); print(len(rows)"))
    process = subprocess.Popen([Path(sys.executable).parent / "stillhouse", "run"], stdout=subprocess.DEVNULL)
    while not (flowers.executed / "01-prepare.ipynb").exists():
        assert process.poll() is None
        time.sleep(0.02)
    process.terminate()
    assert process.wait(timeout=30) == 130
    assert [one.status for one in load_all(flowers)] == ["interrupted"]


def test_a_terminal_without_our_letters_fails_nothing(ran: Analysis) -> None:
    environment = {**os.environ, "PYTHONIOENCODING": "ascii"}
    command = [Path(sys.executable).parent / "stillhouse", "run"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_the_image_is_that_of_the_released_model(ran: Analysis) -> None:
    said = stillhouse("image")
    assert said.exit_code == 1
    assert "no model of flowers has passed its gates and is released" in said.output


def test_a_run_with_nothing_to_do_passes(ran: Analysis) -> None:
    said = stillhouse("run")
    assert said.exit_code == 0, said.output
    assert "passed in" in said.output
    assert "0 of 4 steps ran" in said.output


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["run", "factor=3"], "NAME=VALUE with -S"),
        (["run", "flowers", "beer"], "give one analysis"),
        (["run", "beer"], "no analysis 'beer'"),
        (["run", "--sweep"], "--sweep needs at least one"),
        (["run", "-S", "factor"], "write it as NAME=VALUE"),
        (["run", "-S", "colour=1"], "no parameter colour"),
        (["runs", "show", "zzz"], "no run 'zzz'"),
        (["runs", "plot", "beer"], "There are: size"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_what_can_not_be_meant_is_explained(ran: Analysis, words: list[str], told: str) -> None:
    said = stillhouse(*words)
    assert said.exit_code != 0
    assert told in said.output


def test_runs_are_listed_shown_compared_and_plotted(ran: Analysis) -> None:
    listed = stillhouse("runs")
    assert listed.exit_code == 0
    assert "passed" in listed.output
    assert "model" in stillhouse("runs", "show", "latest").output
    assert "no difference" in stillhouse("runs", "diff", "latest", "latest").output
    plotted = stillhouse("runs", "plot", "size")
    assert Path(plotted.output.strip()).read_bytes().startswith(b"\x89PNG")

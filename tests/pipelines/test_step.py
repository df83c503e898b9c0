"""One notebook executed as a step."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest
from flowers import notebook

from pipelines.step import StepError, execute


def write(folder: Path, cells: list[str], parameters: str | None = None) -> Path:
    path = folder / "01-try.ipynb"
    path.write_text(notebook(cells, parameters))
    return path


def outputs(executed: Path) -> str:
    cells = nbformat.read(executed, as_version=4).cells
    return "".join(out.get("text", "") for cell in cells for out in cell.get("outputs", []))


def test_parameters_replace_the_defaults_and_the_folder_is_the_notebooks_own(tmp_path: Path) -> None:
    (tmp_path / "beside.txt").write_text("beside")
    path = write(tmp_path, ["print(n + 1, open('beside.txt').read())"], parameters="n = 1")
    execute(path, tmp_path / "out" / "executed.ipynb", {"n": 41})
    assert outputs(tmp_path / "out" / "executed.ipynb") == "42 beside\n"


@pytest.mark.parametrize(
    ("parameters", "told"),
    [
        ("n: int = 1", r"01-try\.ipynb: unknown parameter m: it has n\. Add it"),
        (None, "no cell of it is tagged `parameters`"),
    ],
)
def test_an_unknown_parameter_is_refused_before_anything_runs(
    tmp_path: Path, parameters: str | None, told: str
) -> None:
    path = write(tmp_path, ["1"], parameters=parameters)
    with pytest.raises(StepError, match=told):
        execute(path, tmp_path / "executed.ipynb", {"m": 1})
    assert not (tmp_path / "executed.ipynb").exists()


@pytest.mark.parametrize(
    ("cell", "told"),
    [
        ("open('missing.csv')", r"cell 0 \(In \[1\]\) failed(.|\n)*FileNotFoundError"),
        ("raise SystemExit(3)", "SystemExit: 3"),
        ("import os; os._exit(1)", "its kernel died"),
        ("raise SystemExit(0)", "ended before cell 1"),
    ],
)
def test_every_way_to_fail_is_a_failure_that_names_the_executed_copy(tmp_path: Path, cell: str, told: str) -> None:
    path = write(tmp_path, [cell, "print('after')"])
    executed = tmp_path / "executed.ipynb"
    with pytest.raises(StepError, match=told) as caught:
        execute(path, executed, {})
    assert str(executed) in str(caught.value)
    assert executed.exists()


def test_a_file_that_is_no_notebook_is_named(tmp_path: Path) -> None:
    (tmp_path / "01-try.ipynb").write_text("{")
    with pytest.raises(StepError, match="no notebook that can be read"):
        execute(tmp_path / "01-try.ipynb", tmp_path / "executed.ipynb", {"n": 1})


def test_a_missing_notebook_is_named(tmp_path: Path) -> None:
    with pytest.raises(StepError, match=r"dvc\.yaml"):
        execute(tmp_path / "absent.ipynb", tmp_path / "executed.ipynb", {})

"""The committed notebooks show what they compute on the reference data; the command that refreshes them works."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
import refresh_outputs
from refresh_outputs import NOTEBOOKS, reference_copy

ANALYSES = sorted(path.parent for path in NOTEBOOKS.glob("*/dvc.yaml"))

# Kernels are reached over sockets in the folder, not over TCP ports that other tests may take.
OVER_SOCKETS = """
from jupyter_client.manager import KernelManager

KernelManager.transport.default_value = "ipc"
"""


def nbval(folder: Path, *notebooks: str) -> subprocess.CompletedProcess[str]:
    """Execute notebooks of `folder` and compare their outputs with those stored; images only by their size."""
    (folder / "conftest.py").write_text(OVER_SOCKETS)
    command = [
        sys.executable,
        "-m",
        "pytest",
        "--nbval",
        "-p",
        "nbval.plugin",
        "-q",
        "-c",
        os.devnull,
        f"--rootdir={folder}",
    ]
    environment = {
        **os.environ,
        "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
        "JUPYTER_RUNTIME_DIR": str(folder / "build"),
        "NO_COLOR": "1",
    }
    return subprocess.run(
        [*command, *notebooks], cwd=folder, env=environment, capture_output=True, text=True, timeout=120
    )


def cells(notebook: Path) -> list[dict]:
    return json.loads(notebook.read_text(encoding="utf-8"))["cells"]


@pytest.mark.parametrize("analysis", ANALYSES, ids=lambda folder: folder.name)
def test_the_stored_outputs_are_those_of_the_reference_data(analysis, tmp_path):
    folder = reference_copy(analysis, tmp_path / analysis.name)
    notebooks = sorted(path.name for path in folder.glob("*.ipynb"))
    result = nbval(folder, *notebooks)
    assert result.returncode == 0, result.stdout[-5000:]
    code = sum(cell["cell_type"] == "code" for name in notebooks for cell in cells(folder / name))
    assert f"{code} passed" in result.stdout


def test_an_output_that_differs_is_found(tmp_path):
    folder = reference_copy(NOTEBOOKS / "whisky", tmp_path / "whisky")
    notebook = folder / "01-ingest.ipynb"
    text = notebook.read_text(encoding="utf-8")
    assert "Craigellachie" in text
    notebook.write_text(text.replace("Craigellachie", "Craigallechie"), encoding="utf-8")
    result = nbval(folder, notebook.name)
    assert result.returncode == 1
    assert "1 failed" in result.stdout
    assert "FAILED 01-ingest.ipynb::Cell 3" in result.stdout
    assert "Craigellachie" in result.stdout


@pytest.mark.parametrize("analysis", ANALYSES, ids=lambda folder: folder.name)
def test_the_copy_has_the_reference_data_and_nothing_that_a_run_made(analysis, tmp_path):
    folder = reference_copy(analysis, tmp_path / analysis.name)
    for path in (analysis / "reference").iterdir():
        assert (folder / "data" / path.name).read_bytes() == path.read_bytes()
    assert not (folder / "build").exists()
    assert not (folder / "model").exists()


@pytest.mark.parametrize(
    "notebook", [path for folder in ANALYSES for path in sorted(folder.glob("*.ipynb"))], ids=lambda p: p.name
)
def test_the_notebook_can_be_read_and_reviewed(notebook):
    content = nbformat.read(notebook, as_version=4)
    nbformat.validate(content)
    assert (content.nbformat, content.nbformat_minor) == (4, 5)
    assert set(content.metadata) == {"kernelspec", "language_info"}
    first, second, *rest = content.cells
    assert first.cell_type == "markdown"
    assert all(word in first.source for word in ("**Question.**", "**Data.**", "**Runtime.**"))
    assert second.metadata.get("tags") == ["parameters"]
    assert content.cells[-1].source.startswith("**Findings.**")
    for before, cell in zip(content.cells[1:], rest, strict=False):
        assert cell.cell_type == "markdown" or before.cell_type == "markdown", f"no prose before {cell.id}"
    code = [cell for cell in content.cells if cell.cell_type == "code"]
    assert len(code) <= 8
    assert not any(re.search(r"^\s*class |sys\.path", cell.source, re.MULTILINE) for cell in code)
    assert [cell.execution_count for cell in code] == list(range(1, len(code) + 1))
    assert notebook.stat().st_size < 450_000
    assert len({cell.id for cell in content.cells}) == len(content.cells)


def test_refreshing_stores_what_the_reference_data_give(tmp_path, monkeypatch):
    analysis = tmp_path / "notebooks" / "tiny"
    (analysis / "data").mkdir(parents=True)
    (analysis / "reference").mkdir()
    (analysis / "dvc.yaml").write_text("stages: {}\n")
    (analysis / "data" / "x.txt").write_text("live")
    (analysis / "reference" / "x.txt").write_text("pinned")
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell('print(open("data/x.txt").read())')])
    nbformat.write(notebook, analysis / "1.ipynb")
    monkeypatch.setattr(refresh_outputs, "NOTEBOOKS", tmp_path / "notebooks")
    monkeypatch.setenv("JUPYTER_RUNTIME_DIR", "restored afterwards")
    refresh_outputs.main([])
    (cell,) = cells(analysis / "1.ipynb")
    assert cell["outputs"] == [{"name": "stdout", "output_type": "stream", "text": ["pinned\n"]}]
    assert "execution" not in cell["metadata"]
    assert (analysis / "data" / "x.txt").read_text() == "live"
    assert sorted(path.name for path in analysis.iterdir()) == ["1.ipynb", "data", "dvc.yaml", "reference"]


def test_an_unknown_analysis_is_named():
    with pytest.raises(SystemExit, match=r"gin: no such analysis\. There are: .*whisky"):
        refresh_outputs.main(["gin"])

"""Execute the committed notebooks on the pinned reference data, and store what they show.

    python tests/notebooks/refresh_outputs.py [ANALYSIS ...]

Without a name every analysis is refreshed. Each is copied aside, its `data/` replaced by `reference/`, its notebooks
are executed in order, and their outputs written back without anything that changes from one execution to the next. So
a change of the live data leaves the committed notebooks as they are.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

import nbformat

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"
MADE = shutil.ignore_patterns("build", "model", "__pycache__", ".ipynb_checkpoints", "dvc.lock")


def reference_copy(analysis: Path, folder: Path) -> Path:
    """Copy `analysis` to `folder`, on its reference data and without anything a run makes."""
    shutil.copytree(analysis, folder, ignore=MADE)
    shutil.rmtree(folder / "data")
    shutil.copytree(analysis / "reference", folder / "data")
    return folder


def execute(notebook: Path) -> Any:
    """The notebook, executed in its own folder in a fresh kernel, without volatile metadata."""
    from nbclient import NotebookClient
    from traitlets.config import Config

    content: Any = nbformat.read(notebook, as_version=4)  # type: ignore[no-untyped-call]
    client = NotebookClient(
        content,
        kernel_name="python3",
        resources={"metadata": {"path": str(notebook.parent)}},
        record_timing=False,
        shutdown_kernel="immediate",
        # Sockets in a folder: nothing to collide with.
        config=Config({"KernelManager": {"transport": "ipc"}}),
    )
    # The kernel's sockets are named relative to the folder we stand in.
    with contextlib.chdir(notebook.parent):
        client.execute()
    content.metadata = {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }
    return content


def refresh(analysis: Path) -> None:
    """Store fresh outputs in the notebooks of `analysis`."""
    with tempfile.TemporaryDirectory(prefix="stillhouse-") as scratch:
        os.environ["JUPYTER_RUNTIME_DIR"] = scratch
        copy = reference_copy(analysis, Path(scratch) / analysis.name)
        for notebook in sorted(copy.glob("*.ipynb")):
            print(f"{analysis.name}/{notebook.name}", flush=True)
            nbformat.write(execute(notebook), notebook)  # type: ignore[no-untyped-call]
            aside = analysis / f".{notebook.name}"
            shutil.copyfile(notebook, aside)
            aside.replace(analysis / notebook.name)


def main(names: list[str]) -> None:
    """Refresh the named analyses, or all."""
    found = {path.parent.name: path.parent for path in sorted(NOTEBOOKS.glob("*/dvc.yaml"))}
    unknown = sorted(set(names) - set(found))
    if unknown:
        sys.exit(f"{', '.join(unknown)}: no such analysis. There are: {', '.join(found)}")
    for name in names or found:
        refresh(found[name])


if __name__ == "__main__":
    main(sys.argv[1:])

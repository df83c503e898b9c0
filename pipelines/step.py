"""Execute one notebook as a step: papermill, in a fresh kernel, parameters checked, every failure told in full."""

from __future__ import annotations

import ast
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import nbformat

from pipelines.errors import StillhouseError


class StepError(StillhouseError):
    """A notebook that could not be executed to its end."""


def execute(notebook: Path, executed: Path, parameters: Mapping[str, Any]) -> None:
    """Execute `notebook` in its own folder and leave the executed copy at `executed`.

    Raises StepError, naming the notebook, the cell, the error and the executed copy, when a cell fails, when a
    parameter is not one of the notebook's, or when the notebook ends before its last cell.
    """
    check_parameters(notebook, parameters)
    executed.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="stillhouse-") as runtime:
        # A short folder of our own: kernels are reached over sockets in it, whose paths may be 107 bytes at most.
        os.environ["JUPYTER_RUNTIME_DIR"] = runtime
        _run(notebook, executed, parameters, sockets=f"{runtime}/kernel")
    _check_complete(notebook, executed)


def check_parameters(notebook: Path, parameters: Mapping[str, Any]) -> None:
    """Refuse parameters that the notebook does not have; papermill itself would only warn."""
    if not notebook.is_file():
        raise StepError(f"{notebook}: there is no such notebook. Mend the step's command in dvc.yaml.")
    tagged = [cell.source for cell in _cells(notebook) if "parameters" in cell.metadata.get("tags", [])]
    known = {name for source in tagged for name in _assigned(source)}
    unknown = sorted(set(parameters) - known)
    if unknown:
        why = f"it has {', '.join(sorted(known)) or 'none'}" if tagged else "no cell of it is tagged `parameters`"
        raise StepError(
            f"{notebook.name}: unknown parameter {', '.join(unknown)}: {why}. "
            "Add it to the cell tagged `parameters`, or take it out of the step's command in dvc.yaml."
        )


def _assigned(source: str) -> set[str]:
    """The names that a cell of plain assignments sets."""
    targets = [
        target
        for node in ast.parse(source).body
        if isinstance(node, ast.Assign | ast.AnnAssign)
        for target in (node.targets if isinstance(node, ast.Assign) else [node.target])
    ]
    return {target.id for target in targets if isinstance(target, ast.Name)}


def _run(notebook: Path, executed: Path, parameters: Mapping[str, Any], sockets: str) -> None:
    import papermill
    from nbclient.exceptions import DeadKernelError
    from papermill.exceptions import PapermillExecutionError
    from traitlets.config import Config

    try:
        papermill.execute_notebook(
            str(notebook),
            str(executed),
            parameters=dict(parameters),
            cwd=str(notebook.parent),
            kernel_name="python3",
            language="python",
            progress_bar=False,
            # The graceful way stalls for four seconds in one of ten runs.
            shutdown_kernel="immediate",
            # Sockets in our own folder: no race for TCP ports between steps that start side by side, and no
            # kernel-ipc-1 in the current folder, which is what two kernels would otherwise share.
            config=Config({"KernelManager": {"transport": "ipc", "ip": sockets}}),
        )
    except PapermillExecutionError as error:
        raise StepError(_describe(notebook, executed, error)) from None
    except DeadKernelError:
        raise StepError(
            f"{notebook.name}: its kernel died (out of memory, or a crash in compiled code). "
            f"The notebook as far as it got: {executed}"
        ) from None


def _describe(notebook: Path, executed: Path, error: Any) -> str:
    source = "\n".join(f"    {line}" for line in str(error.source).strip().splitlines())
    return (
        f"{notebook.name}: cell {error.cell_index} (In [{error.exec_count}]) failed\n\n{source}\n\n"
        f"  {error.ename}: {error.evalue}\n\n"
        f"The notebook as far as it got, with the whole traceback: {executed}"
    )


def _check_complete(notebook: Path, executed: Path) -> None:
    """A cell that calls exit() ends the kernel without an error; the cells after it never ran."""
    cells = _cells(executed)
    for number, cell in enumerate(cells):
        if cell.cell_type == "code" and cell.source.strip() and cell.execution_count is None:
            raise StepError(
                f"{notebook.name}: it ended before cell {number}, which never ran (does a cell call exit()?). "
                f"The notebook as far as it got: {executed}"
            )


def _cells(notebook: Path) -> list[Any]:
    try:
        return list(nbformat.read(notebook, as_version=4).cells)  # type: ignore[no-untyped-call]
    except (ValueError, AttributeError, nbformat.ValidationError) as error:
        raise StepError(f"{notebook}: it is no notebook that can be read ({error}). Restore it from git.") from None

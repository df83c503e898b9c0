"""The locked environment in `.venv`: whether it is there, and how it gets there."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from pipelines.bootstrap.steps import run

PURPOSES = ("up", "all")  # what running needs; that and what tests, benchmarks and linters need
# nbdime shows notebooks in review where it is installed; elsewhere git's own diff is better than none.
NOTEBOOK_DIFF = (
    'f() { if [ -x .venv/bin/git-nbdiffdriver ]; then .venv/bin/git-nbdiffdriver diff "$@"; '
    'else git diff --no-index --no-ext-diff -- "$2" "$5" || :; fi; }; f'
)


def is_ready(root: Path, purpose: str) -> bool:
    """Whether `.venv` is just what the lock file says, for this purpose or a larger one."""
    stamp = read_stamp(root)
    runs = os.access(root / ".venv" / "bin" / "python", os.X_OK)
    return runs and stamp.get("purpose") in (purpose, "all") and stamp == make_stamp(root, stamp["purpose"])


def install(root: Path, uv: str, purpose: str) -> None:
    """Install the locked packages; what `all` has installed `up` keeps up, so that nothing comes and goes.

    Raises StopError where a step fails; the same call then goes on from there.
    """
    venv = root / ".venv"
    stamp = read_stamp(root)
    if venv.exists() and (stamp.get("root", str(root)) != str(root) or not (venv / "pyvenv.cfg").exists()):
        put_away(root, venv)  # a moved checkout's: its programs name the folder they were installed in
    purpose = "all" if stamp.get("purpose") == "all" else purpose
    stamp_path(root).unlink(missing_ok=True)
    # Compiled once, here, on all cores: otherwise each kernel of the first run compiles what it imports.
    command = [uv, "sync", "--frozen", "--all-packages", "--compile-bytecode", "--quiet"]
    command += ["--all-groups"] if purpose == "all" else []
    command += ["--project", str(root), "--python", python_for(venv)]
    run("the locked packages into .venv", command, variables(venv))
    # Once, here: otherwise matplotlib lists the machine's fonts, and says so, in a notebook's output.
    run("the list of fonts", [str(venv / "bin" / "python"), "-c", "import matplotlib.font_manager"])
    enable_notebook_diffs(root)
    write_aside(stamp_path(root), json.dumps(make_stamp(root, purpose), indent=1) + "\n")


def python_for(venv: Path) -> str:
    """The Python to build on: the one that the environment has, where it has one that is still there."""
    python = venv / "bin" / "python"
    return str(python) if python.exists() else sys.executable


def variables(venv: Path) -> dict[str, str]:
    """Our variables for uv: another environment that happens to be active is none of its business."""
    ours = {"UV_PROJECT_ENVIRONMENT": str(venv), "UV_PYTHON_DOWNLOADS": "never"}
    return {name: value for name, value in os.environ.items() if name != "VIRTUAL_ENV"} | ours


def stamp_path(root: Path) -> Path:
    """Where a finished install says what it was made of; it goes when the environment goes."""
    return root / ".venv" / "stillhouse.json"


def read_stamp(root: Path) -> dict[str, str]:
    """What the last finished install wrote down, or nothing."""
    with contextlib.suppress(OSError, ValueError):
        stamp = json.loads(stamp_path(root).read_text(encoding="utf-8"))
        if isinstance(stamp, dict):
            return stamp
    return {}


def make_stamp(root: Path, purpose: str) -> dict[str, str]:
    """What an environment is made of: the locked packages, their purpose, its folder and its Python."""
    inputs = [root / "uv.lock", root / "pyproject.toml", *sorted(root.glob("notebooks/*/pyproject.toml"))]
    content = hashlib.sha256(b"".join(hashlib.sha256(path.read_bytes()).digest() for path in inputs))
    python = os.path.realpath(root / ".venv" / "bin" / "python")
    return {"content": content.hexdigest(), "purpose": purpose, "root": str(root), "python": python}


def put_away(root: Path, venv: Path) -> None:
    """Remove an environment, first from its name, so that an interruption leaves no half of it there."""
    aside = Path(tempfile.mkdtemp(prefix="old-venv-", dir=root / ".stillhouse"))
    venv.rename(aside / "venv")
    shutil.rmtree(aside, ignore_errors=True)


def enable_notebook_diffs(root: Path) -> None:
    """Have git show notebooks with nbdime: in this checkout only, and wherever it is moved to."""
    command = ["git", "-C", str(root), "config", "diff.jupyternotebook.command", NOTEBOOK_DIFF]
    subprocess.run(command, capture_output=True)  # without it git shows notebooks as text


@contextlib.contextmanager
def only_one(root: Path) -> Iterator[None]:
    """Wait until nothing else sets this checkout up, and clear away what an interrupted one left."""
    state = root / ".stillhouse"
    state.mkdir(exist_ok=True)
    with (state / "bootstrap.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        for left in [*state.glob("old-venv-*"), *state.glob("uv/aside-*")]:
            shutil.rmtree(left, ignore_errors=True)
        yield


def write_aside(path: Path, text: str) -> None:
    """Write a file whole or not at all."""
    aside = path.with_name(f".{path.name}-{os.getpid()}")
    aside.write_text(text, encoding="utf-8")
    aside.replace(path)

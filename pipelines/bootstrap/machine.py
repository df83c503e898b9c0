"""What the machine must have before anything is installed; what is missing comes with its mend."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

from pipelines.bootstrap.steps import StopError, output_of

OLDEST = (3, 11)
NEEDED_MB = {"up": 1500, "all": 2500}  # the environment, and uv's cache where it can't be linked from there


def use_new_enough_python(arguments: list[str]) -> None:
    """Go on under a newer Python of this machine where this one is too old.

    Raises StopError where there is none.
    """
    if sys.version_info >= OLDEST:
        return
    newer = find_python()
    if newer is None:
        here = ".".join(map(str, sys.version_info[:2]))
        raise StopError(
            f"Python {OLDEST[0]}.{OLDEST[1]} or newer is needed (python3 is {here}): "
            "sudo apt-get install python3.11 python3.11-venv"
        )
    os.execv(newer, [newer, "-m", "pipelines.bootstrap", *arguments])  # noqa: S606 (a Python that we found)


def find_python() -> str | None:
    """A Python on PATH that is new enough and starts (a version manager's shim may not), the newest first."""
    for minor in range(15, OLDEST[1] - 1, -1):
        found = shutil.which(f"python3.{minor}")
        if found and output_of([found, "-c", ""]) is not None:
            return found
    return None


def git_problems(root: Path) -> list[str]:
    """Why git can't say which commit this is, as one line or none."""
    if shutil.which("git") is None:
        return ["git is missing: sudo apt-get install git"]
    asked = subprocess.run(["git", "-C", str(root), "rev-parse", "--git-dir"], capture_output=True, text=True)
    if asked.returncode == 0:
        return []
    if "dubious ownership" in asked.stderr:
        return [f"git doesn't trust this folder's owner: git config --global --add safe.directory '{root}'"]
    return [f"{root} is no git checkout, and a run's record names its commit: get it with git clone"]


def install_problems(root: Path, purpose: str, uv: str | None) -> list[str]:
    """What would stop an install into `.venv`, a line each; `uv` is the program where there is one."""
    problems = []
    if not os.access(root, os.W_OK):
        problems.append(f"{root} can't be written to: clone into a folder of your own")
    elif not (root / ".venv").exists() and shutil.disk_usage(root).free < NEEDED_MB[purpose] * 1_000_000:
        problems.append(f"{NEEDED_MB[purpose]} MB of disk are needed here: free some, or clone elsewhere")
    if uv is None and not any(map(importlib.util.find_spec, ("pip", "ensurepip"))):
        problems.append(f"{sys.executable} has neither venv nor pip: sudo apt-get install {venv_package()}")
    return problems


def venv_package() -> str:
    """The Debian package that gives this Python `venv`."""
    is_default = Path("/usr/bin/python3").resolve() == Path(sys.executable).resolve()
    return "python3-venv" if is_default else f"python3.{sys.version_info.minor}-venv"

"""Where uv comes from: an earlier run, PATH, or the registry, by the version and hashes in `uv.lock`."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import sys
import tempfile
from pathlib import Path

from pipelines.bootstrap.steps import StopError, output_of, run

ENTRY = re.compile(r'\[\[package\]\]\nname = "uv"\nversion = "([^"]+)"(.*?)(?=\n\[\[package\]\]|\Z)', re.DOTALL)


def locked(root: Path) -> tuple[str, list[str]]:
    """The version of uv in the lock file, and its files' hashes.

    Raises StopError where the lock file has none.
    """
    entry = ENTRY.search((root / "uv.lock").read_text(encoding="utf-8"))
    if entry is None:
        raise StopError("uv.lock has no entry for uv: restore it with git checkout uv.lock")
    return entry[1], re.findall(r'hash = "(sha256:[0-9a-f]{64})"', entry[2])


def home(root: Path) -> Path:
    """Where the locked uv is put."""
    return root / ".stillhouse" / "uv" / f"uv-{locked(root)[0]}"


def find(root: Path) -> str | None:
    """The uv that an earlier run has got, or the one on PATH where it is no older than the locked one."""
    if os.access(home(root), os.X_OK):
        return str(home(root))
    on_path = shutil.which("uv")
    told = output_of([on_path, "--version"]) if on_path else None
    return on_path if told and numbers(told) >= numbers(locked(root)[0]) else None


def numbers(version: str) -> list[int]:
    """The first three numbers of a version, to compare by."""
    return [int(part) for part in re.findall(r"\d+", version)[:3]]


def get(root: Path) -> str:
    """Get the locked uv from the registry with pip; its one program is moved into place when it is whole.

    Raises StopError where pip fails.
    """
    version, hashes = locked(root)
    home(root).parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="aside-", dir=home(root).parent) as aside:
        python = sys.executable
        if importlib.util.find_spec("pip") is None:
            run("a pip to get uv with", [python, "-m", "venv", f"{aside}/venv"])
            python = f"{aside}/venv/bin/python"
        wanted = Path(aside, "requirements.txt")
        wanted.write_text(f"uv=={version} " + " ".join(f"--hash={one}" for one in hashes), encoding="utf-8")
        command = [python, "-m", "pip", "install", "--quiet", "--no-input", "--disable-pip-version-check"]
        command += ["--no-deps", "--only-binary", ":all:", "--target", f"{aside}/uv", "-r", str(wanted)]
        run(f"uv {version}", command)
        Path(aside, "uv", "bin", "uv").replace(home(root))
    return str(home(root))

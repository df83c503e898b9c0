"""A checkout of nothing but the bootstrap, and programs that pretend, so that no test installs anything."""

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[3]

# Pretends to install: notes how it was called, then makes what the bootstrap looks for.
FAKE_UV = """#!/bin/sh
[ "$1" = --version ] && { echo "uv 99.0.0"; exit 0; }
echo "$@" >> "$CALLS"
mkdir -p "$UV_PROJECT_ENVIRONMENT/bin"
[ -e "$FAIL" ] && { cat "$FAIL" >&2; exit 2; }
echo "virtual: ${VIRTUAL_ENV-none}" > "$UV_PROJECT_ENVIRONMENT/pyvenv.cfg"
printf '#!/bin/sh\\n' > "$UV_PROJECT_ENVIRONMENT/bin/python"
chmod +x "$UV_PROJECT_ENVIRONMENT/bin/python"
"""


@dataclass
class Checkout:
    """A checkout on its own `PATH`."""

    root: Path
    programs: Path

    def program(self, name: str, script: str) -> Path:
        """Put a program on the PATH."""
        path = self.programs / name
        path.write_text(script)
        path.chmod(0o755)
        return path

    def bootstrap(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run the bootstrap as make does."""
        return subprocess.run(
            [sys.executable, "-m", "pipelines.bootstrap", *arguments],
            cwd=self.root,
            env={**os.environ, "PATH": str(self.programs), "PYTHONDONTWRITEBYTECODE": "1"},
            capture_output=True,
            text=True,
        )

    def files(self) -> list[Path]:
        return sorted(path for path in self.root.rglob("*") if ".git" not in path.parts)

    @property
    def calls(self) -> list[str]:
        """How uv was called, a line a call."""
        path = self.programs / "calls"
        return path.read_text().splitlines() if path.exists() else []


@pytest.fixture
def checkout(tmp_path, monkeypatch):
    """A git checkout in a path with spaces; its PATH has git, sh's tools and a uv that only pretends."""
    root = tmp_path / "a new checkout"
    shutil.copytree(
        REPOSITORY / "pipelines" / "bootstrap",
        root / "pipelines" / "bootstrap",
        ignore=shutil.ignore_patterns("__pycache__"),
    )
    for name in ("pipelines/__init__.py", "pyproject.toml", "uv.lock"):
        shutil.copy(REPOSITORY / name, root / name)
    subprocess.run(["git", "init", "--quiet", str(root)], check=True)
    programs = tmp_path / "programs"
    programs.mkdir()
    for name in ("git", "sh", "mkdir", "chmod", "cat", "uname"):
        (programs / name).symlink_to(shutil.which(name))
    made = Checkout(root, programs)
    made.program("uv", FAKE_UV)
    monkeypatch.setenv("PATH", str(programs))
    monkeypatch.setenv("CALLS", str(programs / "calls"))
    monkeypatch.setenv("FAIL", str(programs / "fail"))
    return made

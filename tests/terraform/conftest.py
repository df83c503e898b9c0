"""Terraform in a copy of its folders, with what of it is to be had on this machine."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
Terraform = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A copy of terraform/ and helm/: init leaves its files beside the modules."""
    for name in ("terraform", "helm"):
        shutil.copytree(
            ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns(".terraform*", "terraform.tfstate*")
        )
    return tmp_path


@pytest.fixture
def terraform(checkout: Path) -> Terraform:
    """Runs terraform in a folder of the copy, and wants it to succeed; no network, and no settings of this machine."""
    program = shutil.which("terraform")
    if program is None:
        pytest.skip("terraform is missing; install it (1.9 or newer), and the modules are tested too")
    settings = checkout / "terraform.rc"
    settings.write_text("disable_checkpoint = true\n")
    variables = {name: value for name, value in os.environ.items() if not name.startswith("TF_")}
    variables |= {"TF_CLI_CONFIG_FILE": str(settings), "TF_IN_AUTOMATION": "1", "NO_COLOR": "1"}

    def run(folder: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        command = [program, f"-chdir={checkout / 'terraform' / folder}", *arguments]
        done = subprocess.run(command, env=variables, capture_output=True, text=True)
        assert done.returncode == 0, f"terraform {' '.join(arguments)} in {folder}:\n{done.stdout}\n{done.stderr}"
        return done

    return run


@pytest.fixture
def mirror() -> Path:
    """The folder that the helm provider can be had from: `make cluster` builds it, where no registry has it."""
    written = ROOT / ".stillhouse" / "cluster.json"
    cluster = json.loads(written.read_text()) if written.exists() else {}
    folder = Path(os.environ.get("STILLHOUSE_TERRAFORM_MIRROR") or cluster.get("terraform", {}).get("mirror") or "")
    if not folder.is_absolute() or not folder.is_dir():
        pytest.skip(
            "the helm provider isn't to be had here: make cluster builds it (or set STILLHOUSE_TERRAFORM_MIRROR)"
        )
    return folder

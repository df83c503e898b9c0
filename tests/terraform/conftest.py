"""Terraform in a copy of its folders, with what of it is to be had on this machine."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.cluster import binaries, layout

ROOT = Path(__file__).resolve().parents[2]
Terraform = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of terraform/ and helm/: init leaves its files beside the modules."""
    folder = tmp_path_factory.mktemp("checkout")
    for name in ("terraform", "helm"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns(".terraform*", "terraform.tfstate*"))
    return folder


@pytest.fixture(scope="module")
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


@pytest.fixture(scope="session")
def mirror() -> Path:
    """The folder that the helm provider can be had from: `make cluster` builds it, as no registry may be in reach."""
    folder = binaries.mirror(layout.default())
    if not (folder / binaries.HELM_PROVIDER).is_file():
        pytest.skip("the helm provider is not to be had here; `make cluster` builds it")
    return folder


@pytest.fixture(scope="module")
def planned(terraform: Terraform, mirror: Path) -> Callable[[], dict[str, Any]]:
    """Gives what the platform module's first test plans for each helm release, by its name."""
    terraform("modules/platform", "init", "-backend=false", f"-plugin-dir={mirror}")

    def plan() -> dict[str, Any]:
        told = terraform("modules/platform", "test", "-json", "-verbose").stdout
        plan, *_ = [line["test_plan"] for line in map(json.loads, told.splitlines()) if line["type"] == "test_plan"]
        return {one["change"]["after"]["name"]: one["change"]["after"] for one in plan["resource_changes"]}

    return plan

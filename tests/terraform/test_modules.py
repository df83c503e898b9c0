"""The modules: what they refuse, and that the charts take what they give."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.terraform.conftest import ROOT, Terraform

FILES = sorted(path for path in (ROOT / "terraform").rglob("*.tf") if ".terraform" not in path.parts)
HELM = ROOT / ".venv" / "bin" / "helm"


def test_every_file_is_formatted(terraform: Terraform) -> None:
    terraform(".", "fmt", "-check", "-recursive", "-diff")


def test_profiles_follow_from_their_pools(terraform: Terraform) -> None:
    terraform("modules/profiles", "init", "-backend=false")
    assert re.search(r"\b13 passed, 0 failed", terraform("modules/profiles", "test").stdout)


def test_the_platform_plans_what_it_should(terraform: Terraform, mirror: Path) -> None:
    terraform("modules/platform", "init", "-backend=false", f"-plugin-dir={mirror}")
    terraform("modules/platform", "validate")
    assert re.search(r"\b11 passed, 0 failed", terraform("modules/platform", "test").stdout)


def test_the_example_is_valid(terraform: Terraform, mirror: Path) -> None:
    terraform("examples/local", "init", "-backend=false", f"-plugin-dir={mirror}")
    terraform("examples/local", "validate")


@pytest.mark.parametrize("chart", ["namespaces", "stillhouse"])
def test_each_chart_takes_what_its_release_gives_it(
    chart: str, planned: Callable[[], dict[str, Any]], tmp_path: Path
) -> None:
    """The charts' schemas are closed: a value that the module misspells fails here, and not first on a cluster."""
    release = planned()[chart]
    files = [tmp_path / f"values-{number}.yaml" for number in range(len(release["values"]))]
    for path, document in zip(files, release["values"], strict=True):
        path.write_text(document)
    options = [option for path in files for option in ("--values", str(path))]
    command = [str(HELM), "template", chart, str(ROOT / "helm" / chart), "--namespace", release["namespace"], *options]
    made = subprocess.run([*command, "--kube-version", "1.34.0"], capture_output=True, text=True)
    assert made.returncode == 0, made.stderr
    assert [one for one in yaml.safe_load_all(made.stdout) if one]


def test_a_change_in_a_template_alone_is_a_change_of_the_release(
    planned: Callable[[], dict[str, Any]], checkout: Path
) -> None:
    before = planned()
    template = checkout / "helm" / "stillhouse" / "templates" / "NOTES.txt"
    template.write_text(template.read_text() + "\n")
    after = planned()
    assert after["stillhouse"]["description"] != before["stillhouse"]["description"]
    assert after["namespaces"] == before["namespaces"]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(ROOT / "terraform").as_posix())
def test_only_what_every_version_of_the_helm_provider_reads_is_used(path: Path) -> None:
    """set, set_sensitive, postrender and the provider's kubernetes are blocks in 2.x and attributes in 3.x."""
    assert not re.findall(r"^\s*(?:set|set_\w+|postrender|kubernetes)\s*(?:=\s*)?[{\[]", path.read_text(), re.MULTILINE)


def test_every_variable_and_output_says_what_it_is() -> None:
    for path in FILES:
        for kind, name, body in re.findall(
            r'^(variable|output) "(\w+)" \{\n(.*?)^\}', path.read_text(), re.MULTILINE | re.DOTALL
        ):
            assert re.search(r"^  description\s+=", body, re.MULTILINE), (
                f"{path.name}: {kind} {name} has no description"
            )

from __future__ import annotations

import re
import tarfile
from pathlib import Path

import pytest

from images.recipes import RECIPES, Site
from images.root import HOME
from pipelines.image.debian import USER

PROJECT = Path(__file__).resolve().parents[2]


def files_of(site: Site, name: str, tmp_path: Path) -> dict[str, set[str]]:
    """What lies beside the Dockerfile of an image, and in each tar there."""
    folder = tmp_path / f"context-{name}"
    folder.mkdir()
    RECIPES[name].lay_out(site, folder)
    found: dict[str, set[str]] = {}
    for path in folder.iterdir():
        found[path.name] = set()
        if path.suffix == ".tar":
            with tarfile.open(path) as tar:
                found[path.name] = {member.name for member in tar if not member.isdir()}
    return found


@pytest.mark.parametrize("name", RECIPES)
def test_a_dockerfile_finds_all_it_adds_and_adds_all_there_is(site: Site, tmp_path: Path, name: str) -> None:
    dockerfile = (PROJECT / "images" / name / "Dockerfile").read_text()
    added = set(re.findall(r"^ADD (\S+) /$", dockerfile, re.MULTILINE))
    assert added == {file for file in files_of(site, name, tmp_path) if file.endswith(".tar")}


def test_pipeline_and_user_server_share_the_environment_and_the_code(site: Site, tmp_path: Path) -> None:
    pipeline, singleuser = (files_of(site, name, tmp_path) for name in ("pipeline", "singleuser"))
    assert singleuser["environment.tar"] == pipeline["environment.tar"]
    assert singleuser["code.tar"] > pipeline["code.tar"]


def test_the_pipelines_image_has_what_a_release_needs(site: Site, tmp_path: Path) -> None:
    code = files_of(site, "pipeline", tmp_path)["code.tar"]
    ours = {name for name in code if name.startswith("opt/stillhouse/") and "environment" not in name}
    assert {
        "opt/stillhouse/pipelines/cli.py",
        "opt/stillhouse/helm/model/Chart.yaml",
        "opt/stillhouse/uv.lock",
        "opt/stillhouse/images/serving/base.lock.json",
    } <= ours
    assert "opt/stillhouse/environment/bin/stillhouse" in code
    assert not any("hub/" in name for name in ours)


def test_what_tools_leave_behind_is_not_shipped(site: Site, tmp_path: Path) -> None:
    before = RECIPES["hub"].key(site)
    for junk in ("hub/__pycache__/x.cpython-311.pyc", "hub/.x.py.swp", "pipelines/x.orig"):
        (site.project / junk).parent.mkdir(exist_ok=True)
        (site.project / junk).write_text("junk")
    assert RECIPES["hub"].key(site) == before


def test_an_image_is_named_after_the_locked_versions(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    before = {name: recipe.key(site) for name, recipe in RECIPES.items()}
    monkeypatch.setattr("images.environment.export", lambda _, groups: f"{' '.join(groups)}==2\n")
    changed = {name for name, recipe in RECIPES.items() if recipe.key(site) != before[name]}
    assert changed == {"pipeline", "singleuser", "hub", "proxy"}


# --- The Dockerfiles --------------------------------------------------------------------------------------------


@pytest.fixture(params=RECIPES)
def lines(request: pytest.FixtureRequest) -> list[str]:
    """A Dockerfile's instructions."""
    text = (PROJECT / "images" / request.param / "Dockerfile").read_text().replace("\\\n", "")
    return [line for line in text.splitlines() if not line.startswith("#")]


def test_a_dockerfile_fits_on_a_screen_and_needs_no_network(lines: list[str]) -> None:
    assert len(lines) < 25
    assert not [line for line in lines if re.search(r"apt-get|pip |npm |curl |wget |https?:", line)]


def test_a_dockerfile_takes_its_base_as_an_argument(lines: list[str]) -> None:
    assert lines[:2] == ["ARG BASE_IMAGE", "FROM ${BASE_IMAGE}"] or lines[0] == "FROM scratch"


def test_a_container_runs_as_a_numeric_user_who_is_not_root(lines: list[str]) -> None:
    users = [line for line in lines if line.startswith("USER ")]
    adds = [line for line in lines if line.startswith(("ADD ", "COPY ", "RUN "))]
    assert users[-1:] == [f"USER {USER}:{USER}"] or not (users or adds)  # or it keeps the user of the image below


def test_an_image_says_what_it_is(lines: list[str]) -> None:
    assert any('org.opencontainers.image.title="Stillhouse ' in line for line in lines)


def test_the_user_servers_home_is_the_one_the_base_makes() -> None:
    text = (PROJECT / "images" / "singleuser" / "Dockerfile").read_text()
    assert f"HOME={HOME}" in text
    assert f"WORKDIR {HOME}" in text

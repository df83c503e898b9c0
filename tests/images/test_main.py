from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from images import __main__ as program
from images import build, push, root
from images.recipes import Site
from pipelines.image import platforms, registry

DIGEST = f"sha256:{'a' * 64}"


@pytest.fixture
def run(site: Site, tool, monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    """Run the command on the small checkout; a registry takes everything."""
    monkeypatch.setattr(program, "PROJECT", site.project)
    monkeypatch.setattr(platforms, "find", lambda _: site.platform)
    monkeypatch.setattr(program, "default_folder", lambda: site.cache.folder)
    monkeypatch.setattr(registry, "push", lambda folder, *_, **__: build.layout.read(folder)[0].digest)

    def call(*arguments: str) -> Result:
        return CliRunner().invoke(program.main, arguments)

    return call


def test_an_image_is_listed_with_its_size_and_its_digest(run, site: Site) -> None:
    done = run("base")
    digest = build.layout.read(build.layout_of(site.project, "base"))[0].digest
    assert done.exit_code == 0
    assert done.stdout.split() == ["base", "0.0", "MB", "1", "packages", "(.stillhouse/sbom/base.cdx.json)", digest]


def test_it_is_pushed_only_where_there_is_a_registry(run, site: Site) -> None:
    run("base")
    assert not (site.project / push.REFERENCES).exists()
    assert run("base", "--no-push", "--push", "registry.example/ours").exit_code == 0
    assert not (site.project / push.REFERENCES).exists()
    run("base", "--push", "registry.example/ours")
    assert json.loads((site.project / push.REFERENCES).read_text())["base"].startswith("registry.example/ours/base@")


def test_on_a_given_base_every_image_but_ours_is_built(run, tool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(program, "NAMES", ("base", "hub", "proxy"))
    done = run("--base-image", f"registry.example/debian@{DIGEST}")
    assert done.exit_code == 0, done.output
    assert tool.built == ["hub", "proxy"]


def test_a_mistake_is_one_message(run) -> None:
    done = run("hub", "--base-image", "debian:12")
    assert done.exit_code == 1
    assert done.stderr.startswith("Error: debian:12: write the base as NAME@sha256")


def test_updating_builds_nothing(run, tool, monkeypatch: pytest.MonkeyPatch, site: Site) -> None:
    monkeypatch.setattr(root, "update", lambda *_: site.project / "lock.json")
    assert "lock.json: commit it" in run("--update-packages").stderr
    assert tool.built == []

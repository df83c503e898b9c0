from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from pipelines.cli import main
from pipelines.image import assemble as assembling
from pipelines.image import base, layout
from pipelines.image.assemble import Image

Run = Callable[..., Result]


@pytest.fixture
def run(tmp_path: Path, model: Path, make: Callable[..., Image], monkeypatch: pytest.MonkeyPatch) -> Run:
    """`stillhouse image` on the small project."""

    def small(model: Path, out: Path, **given: Any) -> Image:
        return make(model=model, out=out, **given)

    monkeypatch.setattr(assembling, "assemble", small)

    def call(*arguments: str) -> Result:
        where = ["--model", str(model), "--out", str(tmp_path / "out")]
        return CliRunner().invoke(main, ["image", *where, *arguments])

    return call


def test_it_prints_the_digest_last(run: Run, tmp_path: Path) -> None:
    result = run()
    assert result.exit_code == 0, result.output
    assert result.stdout.splitlines()[-1] == layout.read(tmp_path / "out")[0].digest
    assert "model" in result.stdout


def test_it_checks_every_byte_when_asked_to(run: Run, tmp_path: Path) -> None:
    assert "verified" in run("--verify").output
    _, (_, layer, *_) = layout.read(tmp_path / "out")
    changed = b"!" + layer.path.read_bytes()[1:]
    layer.path.chmod(0o644)
    layer.path.write_bytes(changed)
    result = run("--verify")
    assert result.exit_code == 1
    assert layer.path.name in result.output


def test_it_pushes_and_prints_the_digest(run: Run, tmp_path: Path, registry_server: Any) -> None:
    result = run("--push", f"{registry_server.host}/whisky:v1")
    assert result.exit_code == 0, result.output
    assert result.stdout.splitlines()[-1].endswith(layout.read(tmp_path / "out")[0].digest)
    assert "v1" in registry_server.manifests


def test_an_incomplete_image_is_not_pushed(run: Run, project: Path, registry_server: Any) -> None:
    (project / "images" / "serving" / "base.lock.json").unlink()
    result = run("--push", f"{registry_server.host}/whisky:v1")
    assert result.exit_code == 1
    assert "an incomplete image is not pushed: no base is pinned" in result.output
    assert registry_server.manifests == {}


def test_what_goes_wrong_is_one_message(run: Run, model: Path) -> None:
    (model / "model.json").unlink()
    result = run()
    assert (result.exit_code, result.exception.__class__) == (1, SystemExit)
    assert "there is no model here" in result.output


def test_it_updates_the_base_of_the_platform(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    updated = []
    monkeypatch.setattr(base, "update", lambda _project, platform, *_: updated.append(platform.name) or "the lock")
    result = run("--update-base", "--platform", "linux/arm64")
    assert result.exit_code == 0, result.output
    assert updated == ["linux/arm64"]
    assert "pinned in the lock; commit it" in result.output

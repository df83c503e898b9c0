from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from images import serving
from images.errors import BuildError
from images.recipes import Site
from pipelines.image import base, dependencies, layout
from pipelines.image.base import Base, BaseMissing
from pipelines.image.layer import File, in_memory


@pytest.fixture(autouse=True)
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """A base that brings its own bytecode, and dependencies of one file."""
    tiny = in_memory("dependencies", {"opt/dependencies/numpy.py": File(b"")})
    below = Base("debian@sha256:1", "sha256:1", (in_memory("base", {"bin/python3": File(b"")}),))
    monkeypatch.setattr(dependencies, "layer", lambda *_: tiny)
    monkeypatch.setattr(base, "find", lambda *_: below)


def test_it_is_what_models_go_on(
    site: Site, tmp_path: Path, documents: Callable[[Path], tuple[dict[str, Any], dict[str, Any]]]
) -> None:
    serving.write(site, tmp_path / "out")
    manifest, config = documents(tmp_path / "out")
    assert len(manifest["layers"]) == 2
    assert manifest["annotations"]["org.opencontainers.image.title"] == "Stillhouse serving"
    assert config["config"]["User"] == "10001:10001"
    assert [entry["created_by"] for entry in config["history"]] == ["stillhouse: base", "stillhouse: dependencies"]


def test_the_same_again_is_the_same(site: Site, tmp_path: Path) -> None:
    digest = serving.write(site, tmp_path / "one")
    assert serving.write(site, tmp_path / "two") == digest
    layout.verify(tmp_path / "two")


def test_half_an_image_is_no_image(site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(*_: object) -> Base:
        raise BaseMissing("mmdebstrap is not installed")

    monkeypatch.setattr(base, "find", missing)
    with pytest.raises(BuildError, match="mmdebstrap is not installed"):
        serving.write(site, tmp_path / "out")
    assert not (tmp_path / "out").exists()

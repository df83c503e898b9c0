from __future__ import annotations

import json
from pathlib import Path

import pytest

from pipelines.image import base, layout, lower, platforms
from pipelines.image.cache import Cache

PLATFORM = platforms.find(None)


@pytest.fixture
def made(tmp_path: Path, project: Path, few_dependencies: None) -> lower.Lower:
    return lower.make(lower.Sources(project, Cache(tmp_path / "cache"), base.Effort(), print), PLATFORM)


def test_without_a_model_it_has_neither_model_nor_service(made: lower.Lower) -> None:
    content = made.alone(PLATFORM)
    assert [layer.name for layer in content.layers] == ["base", "dependencies"]
    assert content.annotations["org.opencontainers.image.title"] == "Stillhouse serving"
    assert "org.opencontainers.image.version" not in content.annotations


def test_its_documents_say_all_that_a_model_needs(made: lower.Lower) -> None:
    manifest, config = layout.documents(made.alone(PLATFORM))
    read, platform = lower.read(json.loads(manifest), json.loads(config))
    assert platform == PLATFORM
    assert read.run == made.run
    assert read.annotations == made.annotations
    assert [(layer.name, layer.digest, layer.diff_id, layer.size) for layer in read.layers] == [
        (layer.name, layer.digest, layer.diff_id, layer.size) for layer in made.layers
    ]

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pipelines.image import base, layout, lower, platforms, registry, remote
from pipelines.image.assemble import PROJECT, Image
from pipelines.image.cache import Cache
from pipelines.image.errors import ImageError

Server = Any  # conftest's
Make = Callable[..., Image]


def quiet(_: str) -> None:
    pass


@pytest.fixture
def below(tmp_path: Path, project: Path, few_dependencies: None, registry_server: Server) -> str:
    """The small image without a model, in the registry's repository shop/serving."""
    platform = platforms.find(None)
    made = lower.make(lower.Sources(project, Cache(tmp_path / "cache"), base.Effort(), quiet), platform)
    folder = tmp_path / "serving"
    layout.write(folder, made.alone(platform), "serving")
    place = f"{registry_server.host}/shop/serving"
    digest = registry.push(folder, place, quiet)
    registry_server.puts.clear()
    return f"{place}@{digest}"


def append(below: str, model: Path, server: Server, repository: str = "shop/models") -> str:
    return remote.append(model=model, app=PROJECT, base=below, repository=f"{server.host}/{repository}")


def test_its_digest_is_that_of_the_image_made_here(
    below: str, model: Path, registry_server: Server, make: Make
) -> None:
    image = make()
    assert append(below, model, registry_server) == f"{registry_server.host}/shop/models@{image.digest}"
    assert registry_server.manifests[image.model[:12]] == layout.read(image.layout)[0].path.read_bytes()


def test_only_what_is_new_is_sent(below: str, model: Path, registry_server: Server) -> None:
    append(below, model, registry_server)
    assert len(registry_server.puts) == 4  # app, model, config, manifest
    assert all("/shop/models/" in path for path in registry_server.puts)


def test_of_the_image_below_only_the_documents_are_read(below: str, model: Path, registry_server: Server) -> None:
    registry_server.gets.clear()
    append(below, model, registry_server)
    manifest = json.loads(registry_server.manifests[below.partition("@")[2]])
    assert set(registry_server.gets) == {below.partition("@")[2], manifest["config"]["digest"]}


def test_every_layer_is_in_the_models_repository_afterwards(below: str, model: Path, registry_server: Server) -> None:
    reference = append(below, model, registry_server)
    manifest = json.loads(registry_server.manifests[reference.partition("@")[2]])
    assert len(manifest["layers"]) == 4
    assert all(registry_server.has("shop/models", each["digest"]) for each in manifest["layers"])


def test_the_same_repository_will_do(below: str, model: Path, registry_server: Server) -> None:
    registry_server.mounts = False
    assert append(below, model, registry_server, "shop/serving").startswith(f"{registry_server.host}/shop/serving@")


def test_the_same_again_sends_the_manifest_alone(below: str, model: Path, registry_server: Server) -> None:
    first = append(below, model, registry_server)
    registry_server.puts.clear()
    assert append(below, model, registry_server) == first
    assert len(registry_server.puts) == 1


def test_a_registry_that_shares_nothing_is_told(below: str, model: Path, registry_server: Server) -> None:
    registry_server.mounts = False
    with pytest.raises(ImageError, match="does not let shop/models share the layers of shop/serving"):
        append(below, model, registry_server)


def test_a_model_that_cant_be_trusted_is_not_sent(below: str, model: Path, registry_server: Server) -> None:
    (model / "vectors.npy").write_bytes(b"damaged")
    with pytest.raises(ImageError, match=r"vectors\.npy"):
        append(below, model, registry_server)
    assert registry_server.puts == []


def test_another_registry_is_refused(below: str, model: Path) -> None:
    with pytest.raises(ImageError, match=r"registry\.example first: python -m images serving"):
        remote.append(model=model, app=PROJECT, base=below, repository="registry.example/models")


def test_a_base_that_can_change_is_refused(model: Path, registry_server: Server) -> None:
    with pytest.raises(ImageError, match="NAME@sha256"):
        append(f"{registry_server.host}/shop/serving:latest", model, registry_server)


def test_an_image_of_other_making_is_refused(model: Path, registry_server: Server) -> None:
    config = registry_server.hold_blob(b'{"rootfs": {"diff_ids": []}, "architecture": "amd64", "os": "linux"}')
    digest = registry_server.hold({"config": config, "layers": []})
    with pytest.raises(ImageError, match="no serving image without a model"):
        append(f"{registry_server.host}/other@{digest}", model, registry_server)

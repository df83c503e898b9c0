from __future__ import annotations

import base64
import gzip
import json
import re
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from pipelines.image import layout, platforms, registry
from pipelines.image.assemble import Image
from pipelines.image.cache import Cache
from pipelines.image.errors import ImageError

AMD64 = platforms.find("linux/amd64")
Server = Any  # conftest's


def quiet(_: str) -> None:
    pass


def test_what_is_pushed_is_what_lies_there_byte_for_byte(make: Callable[..., Image], registry_server: Server) -> None:
    image = make()
    said: list[str] = []
    assert registry.push(image.layout, f"{registry_server.host}/shop/whisky:v1", said.append) == image.digest
    manifest, parts = layout.read(image.layout)
    assert registry_server.manifests["v1"] == manifest.path.read_bytes()
    assert registry_server.blobs == {part.digest: part.path.read_bytes() for part in parts}
    assert len(said) == len(parts)


def test_without_a_tag_it_is_the_models_hash(make: Callable[..., Image], registry_server: Server) -> None:
    image = make()
    registry.push(image.layout, f"{registry_server.host}/whisky", quiet)
    assert image.model[:12] in registry_server.manifests


def test_a_new_model_sends_the_model_alone(
    make: Callable[..., Image], model: Path, registry_server: Server, new_model: Callable[..., str]
) -> None:
    registry.push(make().layout, f"{registry_server.host}/whisky", quiet)
    registry_server.puts.clear()
    new_model(model, k=3)
    registry.push(make().layout, f"{registry_server.host}/whisky", quiet)
    assert len(registry_server.puts) == 3  # config, model layer, manifest


def test_what_a_neighbour_has_is_not_sent_again(make: Callable[..., Image], registry_server: Server) -> None:
    image = make()
    registry.push(image.layout, f"{registry_server.host}/shop/base", quiet)
    registry_server.puts.clear()
    said: list[str] = []
    place = f"{registry_server.host}/shop/whisky"
    assert registry.push(image.layout, place, said.append, beside=("shop/other", "shop/base")) == image.digest
    assert (len(registry_server.puts), said) == (1, [])
    assert all(registry_server.has("shop/whisky", part.digest) for part in layout.read(image.layout)[1])


def test_a_registry_that_shares_nothing_gets_every_layer(make: Callable[..., Image], registry_server: Server) -> None:
    registry_server.mounts = False
    image = make()
    registry.push(image.layout, f"{registry_server.host}/shop/base", quiet)
    registry.push(image.layout, f"{registry_server.host}/shop/whisky", quiet, beside=("shop/base",))
    assert all(registry_server.has("shop/whisky", part.digest) for part in layout.read(image.layout)[1])


def test_credentials_are_dockers(
    make: Callable[..., Image], registry_server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = base64.b64encode(b"me:secret").decode()
    registry_server.credentials = f"Basic {secret}"
    (tmp_path / "docker").mkdir()
    (tmp_path / "docker" / "config.json").write_text(json.dumps({"auths": {registry_server.host: {"auth": secret}}}))
    image = make()
    with pytest.raises(ImageError, match=f"docker login {registry_server.host}"):
        registry.push(image.layout, f"{registry_server.host}/whisky", quiet)
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path / "docker"))
    assert registry.push(image.layout, f"{registry_server.host}/whisky", quiet) == image.digest


def test_a_token_for_reading_is_exchanged_for_one_for_writing(
    make: Callable[..., Image], registry_server: Server
) -> None:
    registry_server.tokens = True
    image = make()
    assert registry.push(image.layout, f"{registry_server.host}/x", quiet) == image.digest


def test_a_registry_that_is_not_there_is_told_at_once(make: Callable[..., Image], registry_server: Server) -> None:
    registry_server.server_close()
    with pytest.raises(ImageError, match=f"{registry_server.host}: the registry can't be reached"):
        registry.push(make().layout, f"{registry_server.host}/whisky", quiet)


def test_a_registry_that_stores_something_else_is_not_trusted(
    make: Callable[..., Image], registry_server: Server
) -> None:
    registry_server.claimed = "sha256:0000"
    with pytest.raises(ImageError, match="don't trust it"):
        registry.push(make().layout, f"{registry_server.host}/whisky", quiet)


@pytest.fixture
def docker_registry(tmp_path: Path, need: Callable[..., list[str]]) -> Iterator[str]:
    """The registry that everybody uses, on a free port."""
    (program,) = need("docker-registry")
    log = tmp_path / "registry.log"
    (tmp_path / "registry.yml").write_text(
        "version: 0.1\nhttp: {addr: '127.0.0.1:0'}\n"
        f"storage: {{filesystem: {{rootdirectory: {json.dumps(str(tmp_path / 'registry'))}}}}}\n"
    )
    with log.open("w") as file:
        process = subprocess.Popen([program, "serve", str(tmp_path / "registry.yml")], stderr=file, stdout=file)
    try:
        yield _address(process, log)
    finally:
        process.terminate()
        process.wait()


def _address(process: subprocess.Popen[bytes], log: Path) -> str:
    until = time.monotonic() + 20
    while time.monotonic() < until and process.poll() is None:
        listening = re.search(r"listening on 127\.0\.0\.1:(\d+)", log.read_text())
        if listening:
            return f"localhost:{listening[1]}"
        time.sleep(0.02)
    pytest.fail(f"docker-registry did not start: {log.read_text()}")


def test_a_real_registry_keeps_the_digest_and_skopeo_brings_it_back(
    make: Callable[..., Image], docker_registry: str, need: Callable[..., list[str]], tmp_path: Path
) -> None:
    (skopeo,) = need("skopeo")
    image = make()
    assert registry.push(image.layout, f"{docker_registry}/shop/whisky:v1", quiet) == image.digest
    copy = ["copy", "--insecure-policy", "--preserve-digests", "--src-tls-verify=false"]
    back = tmp_path / "back"
    subprocess.run(
        [skopeo, *copy, f"docker://{docker_registry}/shop/whisky@{image.digest}", f"oci:{back}:v1"],
        check=True,
        capture_output=True,
    )
    assert layout.read(back)[0].digest == image.digest
    layout.verify(back)


@pytest.fixture
def foreign(registry_server: Server) -> Callable[[], str]:
    """An image by docker, for two platforms, in the registry; called, it gives its reference."""

    def call() -> str:
        layer = gzip.compress(b"a layer", mtime=0)
        entries = []
        for architecture in ("arm64", "amd64"):
            config = {
                "architecture": architecture,
                "config": {"Env": ["PATH=/opt/bin:/bin", "LANG=C.UTF-8"]},
                "rootfs": {"type": "layers", "diff_ids": ["sha256:abc"]},
            }
            media_type = "application/vnd.docker.image.rootfs.diff.tar.gzip"
            manifest = {
                "config": registry_server.hold_blob(json.dumps(config).encode()),
                "layers": [{"mediaType": media_type, **registry_server.hold_blob(layer)}],
            }
            platform = {"os": "linux", "architecture": architecture}
            entries.append({"digest": registry_server.hold(manifest), "platform": platform})
        return f"{registry_server.host}/python@{registry_server.hold({'manifests': entries})}"

    return call


def test_a_base_is_pulled_as_it_is(foreign: Callable[[], str], tmp_path: Path) -> None:
    kept = registry.pull(foreign(), AMD64, Cache(tmp_path / "cache"))
    (layer,) = kept.layers
    assert kept.about == {"environment": {"PATH": "/opt/bin:/bin", "LANG": "C.UTF-8"}}
    assert layer.path
    assert gzip.decompress(layer.path.read_bytes()) == b"a layer"
    assert (layer.diff_id, layer.media_type) == ("sha256:abc", "application/vnd.oci.image.layer.v1.tar+gzip")


def test_bytes_that_are_not_what_the_digest_says_are_not_taken(
    foreign: Callable[[], str], registry_server: Server, tmp_path: Path
) -> None:
    reference = foreign()
    for digest, content in registry_server.blobs.items():
        registry_server.blobs[digest] = content[:-1] + b"!"
    cache = Cache(tmp_path / "cache")
    with pytest.raises(ImageError, match="don't trust it"):
        registry.pull(reference, AMD64, cache)
    assert not list(cache.folder.glob("blobs/*/*"))


def test_an_image_that_is_not_there(registry_server: Server, tmp_path: Path) -> None:
    reference = f"{registry_server.host}/python@sha256:{'0' * 64}"
    with pytest.raises(ImageError, match=r"there is no .*python@sha256"):
        registry.pull(reference, AMD64, Cache(tmp_path / "cache"))


def test_an_image_for_another_platform_alone(registry_server: Server, tmp_path: Path) -> None:
    other = {"digest": "sha256:0", "platform": {"os": "linux", "architecture": "s390x"}}
    reference = f"{registry_server.host}/python@{registry_server.hold({'manifests': [other]})}"
    with pytest.raises(ImageError, match="has no image for linux/amd64"):
        registry.pull(reference, AMD64, Cache(tmp_path / "cache"))

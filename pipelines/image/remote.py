"""Make a model's image in a registry, on an image there, without fetching a layer of it.

Only the documents of the image below are read, and only what is new is sent: some kilobytes. The digest is the one
that `stillhouse image` gives to the same model, code, locks and platform.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pipelines.image import layout
from pipelines.image.app import app_layer, model_layer
from pipelines.image.errors import ImageError
from pipelines.image.layer import Layer
from pipelines.image.lower import read
from pipelines.image.registry import has, mount, put_manifest, read_document, read_manifest, upload
from pipelines.image.registry_client import Client, parse, speaking_to


def append(model: Path, app: Path, base: str, repository: str, *, insecure: bool = False) -> str:
    """Put the image of the model in the folder `model`, with the service as the checkout `app` has it, on `base`.

    `base` is a serving image without a model (NAME@sha256:…), `repository` (REGISTRY/NAME) a place in the same
    registry. Returns the new image's reference by digest. With `insecure` the registry is spoken to without TLS.
    Raises ImageError where the model can't be trusted, or the registry can't be reached or refuses.
    """
    trained, of_model = model_layer(model)
    upper = (app_layer(app), of_model)
    below, target = _places(base, repository, trained.version[:12])
    with speaking_to(below, insecure) as client:
        manifest = read_manifest(client, below, below.digest)
        lower, platform = _read(client, below, manifest, base)
    content = lower.with_model(trained, upper, platform)
    document, config = layout.documents(content)
    with speaking_to(target, insecure) as client:
        for layer in lower.layers:
            _share(client, target, layer, below)
        for layer in upper:
            _send(client, target, layer.digest, layer.content or b"")
        _send(client, target, layout.digest_of(config), config)
        return f"{repository}@{put_manifest(client, target, document)}"


def _places(base: str, repository: str, tag: str) -> tuple[Any, Any]:
    below, target = parse(base, ""), parse(repository, tag)
    if not below.digest:
        raise ImageError(f"{base}: write the image below as NAME@sha256:…, so that it can't change under you.")
    if below.registry != target.registry:
        raise ImageError(
            f"{repository}: it is not in the registry of {base}, so the layers below would all have to be sent. "
            f"Push the serving image to {target.registry} first: python -m images serving --push {target.registry}/…"
        )
    return below, target


def _read(client: Client, below: Any, manifest: dict[str, Any], base: str) -> Any:
    try:
        return read(manifest, read_document(client, below, manifest["config"]["digest"]))
    except (KeyError, ValueError) as error:
        raise ImageError(
            f"{base}: it is no serving image without a model ({error!r}). Push one: python -m images serving"
        ) from error


def _share(client: Client, target: Any, layer: Layer, below: Any) -> None:
    """Let the repository have a layer that the registry has already."""
    if has(client, target, layer.digest) or mount(client, target, layer.digest, below.api_prefix):
        return
    raise ImageError(
        f"{target.registry}: it does not let {target.api_prefix} share the layers of {below.api_prefix}. "
        f"Push the serving image to {target.registry}/{target.api_prefix} as well, and build on that one."
    )


def _send(client: Client, target: Any, digest: str, content: bytes) -> None:
    if not has(client, target, digest):
        upload(client, target, digest, content)

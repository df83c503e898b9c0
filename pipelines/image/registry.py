"""Talk to a registry: push a layout's bytes unchanged, so that its digest stays, and pull a base by digest."""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import oras.auth
import oras.container
import oras.provider
import requests

from pipelines.image import layout
from pipelines.image.cache import Cache, Kept
from pipelines.image.errors import ImageError
from pipelines.image.layer import MEDIA_TYPE, Layer
from pipelines.image.platforms import Platform

_MANIFESTS = (
    layout.MANIFEST,
    layout.INDEX,
    "application/vnd.docker.distribution.manifest.v2+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
)
_HERE = ("localhost", "127.0.0.1", "[::1]")


class _Client(oras.provider.Registry):  # type: ignore[misc]
    """oras's client without its retries: they would keep a person waiting two minutes to learn of a typing error."""

    do_request = oras.provider.Registry.do_request.__wrapped__


def push(folder: Path, reference: str, say: Callable[[str], None]) -> str:
    """Push the image in `folder` to `reference` (REGISTRY/NAME[:TAG]) and return its digest.

    Credentials are docker's own (`docker login`, or `$DOCKER_CONFIG`). Blobs that the registry has are not sent
    again. Raises ImageError where the registry can't be reached or refuses.
    """
    manifest, parts = layout.read(folder)
    container = parse(reference, layout.tag_of(folder))
    with _speaking(container) as client:
        for blob in parts:
            if client.blob_exists({"digest": blob.digest}, container):
                continue
            say(f"push: {blob.digest[7:19]}, {blob.size / 1e6:,.1f} MB")
            sent = client.put_upload(str(blob.path), container, {"digest": blob.digest, "size": blob.size})
            _expect(sent, "the registry did not take a layer")
        sent = client.do_request(
            f"{client.prefix}://{container.manifest_url()}",
            "PUT",
            data=manifest.path.read_bytes(),
            headers={"Content-Type": manifest.media_type},
        )
        _expect(sent, "the registry did not take the manifest")
    found = sent.headers.get("Docker-Content-Digest", manifest.digest)
    if found != manifest.digest:
        raise ImageError(f"{container.registry} stored the image as {found} and not as {manifest.digest}.")
    return manifest.digest


def pull(reference: str, platform: Platform, cache: Cache) -> Kept:
    """Fetch the layers and the environment of the image `reference` (pinned by digest) for `platform`."""
    container = parse(reference, "")
    with _speaking(container) as client:
        manifest = _manifest(client, container, container.digest)
        if "manifests" in manifest:
            manifest = _manifest(client, container, _choose(manifest, platform, reference))
        config = json.loads(_fetch(client, container, manifest["config"], cache).read_bytes())
        layers = tuple(
            Layer(
                name="base",
                digest=entry["digest"],
                size=entry["size"],
                diff_id=diff_id,
                path=_fetch(client, container, entry, cache),
                media_type=entry["mediaType"].replace(
                    "application/vnd.docker.image.rootfs.diff.tar.gzip", f"{MEDIA_TYPE}+gzip"
                ),
            )
            for entry, diff_id in zip(manifest["layers"], config["rootfs"]["diff_ids"], strict=True)
        )
    set_there = [each.partition("=") for each in config.get("config", {}).get("Env") or []]
    return Kept(layers, {"environment": {name: value for name, _, value in set_there}})


def parse(reference: str, tag: str) -> Any:
    """The parts of `reference`; `tag` where it names neither tag nor digest. ImageError where it names no registry."""
    try:
        container = oras.container.Container(reference)
    except ValueError:
        container = None
    if container is None or "/" not in reference:
        raise ImageError(f"{reference!r} is no place to push to. Write REGISTRY/NAME[:TAG], e.g. localhost:5000/whisky")
    first, _, rest = reference.partition("/")
    if first == "localhost" or first.startswith("[::1]"):  # oras takes neither for a registry
        container = oras.container.Container(rest, registry=first)
        container.registry = first
    named = reference.rpartition("/")[2]
    if ":" not in named and "@" not in named:
        container.tag = tag
    return container


@contextmanager
def _speaking(container: Any) -> Iterator[Any]:
    """A client for the container's registry; whatever goes wrong in between becomes an ImageError."""
    host = container.registry.rpartition(":")[0] or container.registry
    client = _Client(hostname=container.registry, insecure=host in _HERE or container.registry in _HERE)
    logging.getLogger("oras").setLevel(logging.CRITICAL)  # what it would log, our errors say
    try:
        client.auth.load_configs(container)
        yield client
    except requests.exceptions.RequestException as error:
        raise ImageError(
            f"{container.registry}: the registry can't be reached ({type(error).__name__}). "
            "Is it running, and is the name right?"
        ) from error
    except (ValueError, oras.auth.AuthenticationException) as error:
        raise ImageError(
            f"{container.registry}: the registry refused ({error}). Log in (docker login {container.registry}, "
            "or set DOCKER_CONFIG) with an account that may use this name."
        ) from error


def _expect(response: requests.Response, problem: str) -> None:
    if response.status_code in (200, 201, 202):
        return
    if response.status_code in (401, 403):
        raise ValueError(f"{response.status_code} {response.reason}")
    raise ImageError(f"{problem}: {response.status_code} {response.reason} {response.text[:300]}".strip())


def _manifest(client: Any, container: Any, digest: str) -> dict[str, Any]:
    url = f"{client.prefix}://{container.manifest_url(digest)}"
    response = client.do_request(url, headers={"Accept": ", ".join(_MANIFESTS)})
    _expect(response, f"there is no {container}")
    _check(response.content, digest, container)
    return dict(json.loads(response.content))


def _choose(index: Mapping[str, Any], platform: Platform, reference: str) -> str:
    for entry in index["manifests"]:
        offered = entry.get("platform", {})
        if offered.get("os") == "linux" and offered.get("architecture") == platform.architecture:
            return str(entry["digest"])
    raise ImageError(f"{reference} has no image for {platform.name}. Pin one that has.")


def _fetch(client: Any, container: Any, entry: Mapping[str, Any], cache: Cache) -> Path:
    """A blob, fetched into the cache unless it is there."""
    blob = cache.blob(entry["digest"])
    if blob.is_file() and blob.stat().st_size == entry["size"]:
        return blob
    with cache.aside() as path:
        with client.get_blob(container, entry["digest"], stream=True) as response, path.open("wb") as file:
            _expect(response, f"{container} lacks its blob {entry['digest']}")
            hashed = hashlib.sha256()
            for chunk in response.iter_content(1 << 20):
                hashed.update(chunk)
                file.write(chunk)
        _same(f"sha256:{hashed.hexdigest()}", entry["digest"], container)
        return cache.add(path, entry["digest"])


def _check(content: bytes, digest: str, container: Any) -> None:
    _same(f"sha256:{hashlib.sha256(content).hexdigest()}", digest, container)


def _same(found: str, digest: str, container: Any) -> None:
    if found != digest:
        raise ImageError(f"{container}: the registry sent {found} instead of {digest}; don't trust it.")

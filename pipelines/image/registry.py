"""Push a layout's bytes to a registry unchanged, so that the digest stays, and pull a base by its digest."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urljoin

from pipelines.image import layout
from pipelines.image.cache import Cache, Kept
from pipelines.image.errors import ImageError
from pipelines.image.layer import MEDIA_TYPE, Layer
from pipelines.image.platforms import Platform
from pipelines.image.registry_client import Client, expect, parse, speaking_to

_MANIFESTS = (
    layout.MANIFEST,
    layout.INDEX,
    "application/vnd.docker.distribution.manifest.v2+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
)
_DOCKER_LAYER = "application/vnd.docker.image.rootfs.diff.tar.gzip"


def push(
    folder: Path, reference: str, say: Callable[[str], None], *, insecure: bool = False, beside: Sequence[str] = ()
) -> str:
    """Push the image in `folder` to `reference` (REGISTRY/NAME[:TAG]) and return its digest.

    Blobs that the registry has, there or in the repositories `beside`, are not sent again; `say` is told of the others.
    With `insecure` the registry is spoken to without TLS. Raises ImageError where it can't be reached or refuses.
    """
    manifest, parts = layout.read(folder)
    container = parse(reference, layout.tag_of(folder))
    with speaking_to(container, insecure) as client:
        for blob in parts:
            places = (mount(client, container, blob.digest, name) for name in beside)
            if not has(client, container, blob.digest) and not any(places):
                say(f"push: {blob.digest[7:19]}, {blob.size:,} bytes")
                upload(client, container, blob.digest, blob.path.read_bytes())
        return put_manifest(client, container, manifest.path.read_bytes(), manifest.media_type)


def pull(reference: str, platform: Platform, cache: Cache) -> Kept:
    """Fetch the layers and the environment of the image `reference` (pinned by digest) for `platform`."""
    container = parse(reference, "")
    with speaking_to(container) as client:
        manifest = read_manifest(client, container, container.digest)
        if "manifests" in manifest:
            manifest = read_manifest(client, container, _choose(manifest, platform, reference))
        config = json.loads(_fetch(client, container, manifest["config"], cache).read_bytes())
        pairs = zip(manifest["layers"], config["rootfs"]["diff_ids"], strict=True)
        layers = tuple(_layer(entry, diff_id, _fetch(client, container, entry, cache)) for entry, diff_id in pairs)
    set_there = [each.partition("=") for each in config.get("config", {}).get("Env") or []]
    return Kept(layers, {"environment": {name: value for name, _, value in set_there}})


def has(client: Client, container: Any, digest: str) -> bool:
    """Whether the registry has the blob `digest` in the container's repository."""
    return bool(client.blob_exists({"digest": digest}, container))


def mount(client: Client, container: Any, digest: str, source: str) -> bool:
    """Let the container's repository have the blob `digest` of the repository `source`; False where it has not."""
    asked = urlencode({"mount": digest, "from": source})
    answer = client.do_request(f"{client.prefix}://{container.upload_blob_url()}?{asked}", "POST")
    expect(answer, f"{container.registry} takes no layers")
    return bool(answer.status_code == 201)


def upload(client: Client, container: Any, digest: str, content: bytes) -> None:
    """Put the blob `digest` into the container's repository."""
    start = f"{client.prefix}://{container.upload_blob_url()}"
    begun = client.do_request(start, "POST")
    expect(begun, f"{container.registry} takes no layers")
    address = urljoin(start, begun.headers.get("Location", ""))
    sent = client.do_request(
        f"{address}{'&' if '?' in address else '?'}{urlencode({'digest': digest})}",
        "PUT",
        data=content,
        headers={"Content-Type": "application/octet-stream"},
    )
    expect(sent, f"{container.registry} did not take a layer")


def put_manifest(client: Client, container: Any, manifest: bytes, media_type: str = layout.MANIFEST) -> str:
    """Put an image's manifest under the container's tag, and return its digest, which the registry confirms."""
    sent = client.do_request(
        f"{client.prefix}://{container.manifest_url()}", "PUT", data=manifest, headers={"Content-Type": media_type}
    )
    expect(sent, f"{container.registry} did not take the manifest")
    digest = layout.digest_of(manifest)
    _same(sent.headers.get("Docker-Content-Digest", digest), digest, container)
    return digest


def read_manifest(client: Client, container: Any, digest: str) -> dict[str, Any]:
    """The manifest or index `digest`, checked against that."""
    url = f"{client.prefix}://{container.manifest_url(digest)}"
    response = client.do_request(url, headers={"Accept": ", ".join(_MANIFESTS)})
    expect(response, f"there is no {container}")
    _same(layout.digest_of(response.content), digest, container)
    return dict(json.loads(response.content))


def read_document(client: Client, container: Any, digest: str) -> dict[str, Any]:
    """The JSON blob `digest`, checked against that."""
    response = client.get_blob(container, digest)
    expect(response, f"{container} lacks its blob {digest}")
    _same(layout.digest_of(response.content), digest, container)
    return dict(json.loads(response.content))


def _layer(entry: Mapping[str, Any], diff_id: str, path: Path) -> Layer:
    media_type = f"{MEDIA_TYPE}+gzip" if entry["mediaType"] == _DOCKER_LAYER else entry["mediaType"]
    return Layer("base", entry["digest"], entry["size"], diff_id, path=path, media_type=media_type)


def _choose(index: Mapping[str, Any], platform: Platform, reference: str) -> str:
    for entry in index["manifests"]:
        offered = entry.get("platform", {})
        if offered.get("os") == "linux" and offered.get("architecture") == platform.architecture:
            return str(entry["digest"])
    raise ImageError(f"{reference} has no image for {platform.name}. Pin one that has.")


def _fetch(client: Client, container: Any, entry: Mapping[str, Any], cache: Cache) -> Path:
    """A blob, fetched into the cache unless it is there."""
    blob = cache.blob(entry["digest"])
    if blob.is_file() and blob.stat().st_size == entry["size"]:
        return blob
    with cache.aside() as path:
        hashed = hashlib.sha256()
        with client.get_blob(container, entry["digest"], stream=True) as response, path.open("wb") as file:
            expect(response, f"{container} lacks its blob {entry['digest']}")
            for chunk in response.iter_content(1 << 20):
                hashed.update(chunk)
                file.write(chunk)
        _same(f"sha256:{hashed.hexdigest()}", entry["digest"], container)
        return cache.add(path, entry["digest"])


def _same(found: str, digest: str, container: Any) -> None:
    if found != digest:
        raise ImageError(f"{container.registry} has {found} where {digest} belongs; don't trust it.")

from __future__ import annotations

import pytest

from pipelines.image.errors import ImageError
from pipelines.image.registry_client import parse

DIGEST = f"sha256:{'a' * 64}"


@pytest.mark.parametrize(
    ("reference", "registry", "name", "tag", "digest"),
    [
        ("localhost:5000/whisky", "localhost:5000", "whisky", "hash", None),
        ("localhost/whisky:v1", "localhost", "whisky", "v1", None),
        ("127.0.0.1:5000/shop/whisky:v1", "127.0.0.1:5000", "shop/whisky", "v1", None),
        ("[::1]:5000/shop/whisky", "[::1]:5000", "shop/whisky", "hash", None),
        ("registry.example/a/b/c:v1", "registry.example", "a/b/c", "v1", None),
        (f"registry.example/a@{DIGEST}", "registry.example", "a", "latest", DIGEST),
    ],
)
def test_the_parts_of_a_reference(reference: str, registry: str, name: str, tag: str, digest: str | None) -> None:
    container = parse(reference, "hash")
    assert (container.registry, container.api_prefix, container.tag, container.digest) == (registry, name, tag, digest)


@pytest.mark.parametrize("reference", ["whisky", "shop/whisky", "", "localhost:5000/", "/whisky"])
def test_what_names_no_registry_is_refused_with_an_example(reference: str) -> None:
    with pytest.raises(ImageError, match="localhost:5000/whisky"):
        parse(reference, "hash")

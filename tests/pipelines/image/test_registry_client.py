from __future__ import annotations

import pytest
import requests

from pipelines.image.errors import ImageError
from pipelines.image.registry_client import parse, speaking_to

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


@pytest.mark.parametrize(
    ("reference", "insecure", "scheme"),
    [
        ("127.0.0.1:5000/whisky", False, "http"),
        ("registry.example/whisky", False, "https"),
        ("registry.example:5000/whisky", False, "https"),
        ("registry.example:5000/whisky", True, "http"),
    ],
)
def test_only_this_machine_and_who_is_asked_to_be_are_spoken_to_without_tls(
    reference: str, insecure: bool, scheme: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def refuse(address: str, **_: object) -> None:
        asked.append(address)
        raise requests.exceptions.ConnectionError

    monkeypatch.setattr(requests, "get", refuse)
    with pytest.raises(ImageError, match="can't be reached"), speaking_to(parse(reference, "x"), insecure):
        pass
    assert asked == [f"{scheme}://{reference.partition('/')[0]}/v2/"]

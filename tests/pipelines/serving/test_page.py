from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from pipelines.artifact import Model
from pipelines.serving import page
from pipelines.serving.recommender import Recommender

FILES = page.assets()


def html(model: Recommender) -> str:
    return page.index(model, FILES).response(b"", b"").body.decode()


def test_the_nouns_are_the_models_and_nothing_is_left_to_fill_in(make_model: Callable[..., Model]) -> None:
    text = html(Recommender(make_model(noun="ale")))
    assert "<title>Find your next ale</title>" in text
    assert "Pick an ale you like" in text
    assert "10 ales" in text
    assert "whisk" not in text
    assert "{{" not in text


def test_nothing_of_the_files_names_the_whisky() -> None:
    for path in page.FOLDER.iterdir():
        assert "whisk" not in path.read_text(encoding="utf-8").lower(), path.name


def test_a_title_is_text_never_markup(make_model: Callable[..., Model]) -> None:
    text = html(Recommender(make_model(title='<script>alert("1")</script>', features=["<b>", "&", '"', "'"])))
    assert "<script>alert" not in text
    assert "&lt;script&gt;" in text


def test_nothing_inline_and_nothing_from_elsewhere(recommender: Recommender) -> None:
    text = html(recommender)
    assert not re.search(r"<script(?![^>]* src=)", text)
    assert not re.search(r"<style|\sstyle=|\son[a-z]+=", text)
    linked = re.findall(r'(?:src|href|action)="([^"]*)"', text)
    assert linked
    assert all(re.match(r"[/#](?!/)", target) for target in linked), linked
    for path in page.FOLDER.iterdir():
        addresses = set(re.findall(r"https?://[^\s\"')]+", path.read_text(encoding="utf-8")))
        assert addresses <= {"http://www.w3.org/2000/svg"}, path.name


def test_files_are_linked_by_their_hash_and_then_never_asked_about_again(recommender: Recommender) -> None:
    linked = re.findall(r'"(/page/[a-z.]+)\?v=([0-9a-f]+)"', html(recommender))
    assert {path for path, _ in linked} == {"/page/app.js", "/page/icon.svg", "/page/style.css"}
    for path, tag in linked:
        headers = dict(FILES[path].response(f"v={tag}".encode(), b"").headers)
        assert b"immutable" in headers[b"cache-control"]


@pytest.mark.parametrize("query", [b"", b"v=0123456789abcdef", b"whisky=Oban"])
def test_otherwise_they_are_asked_about_again(query: bytes) -> None:
    assert dict(FILES["/page/app.js"].response(query, b"").headers)[b"cache-control"] == b"no-cache"


@pytest.mark.parametrize("known", ['"{tag}"', 'W/"{tag}"', '"other", "{tag}"', "*"])
def test_what_a_client_has_is_not_sent_again(known: str) -> None:
    file = FILES["/page/app.js"]
    response = file.response(b"", known.format(tag=file.tag).encode())
    assert (response.status, response.body) == (304, b"")
    assert (b"etag", f'"{file.tag}"'.encode()) in response.headers
    assert file.response(b"", b'"other"').status == 200


def test_every_file_has_its_type_and_the_security_headers() -> None:
    for path, file in FILES.items():
        headers = dict(file.response(b"", b"").headers)
        assert headers[b"content-type"].split(b";")[0] in (b"text/css", b"text/javascript", b"image/svg+xml"), path
        policy = headers[b"content-security-policy"]
        assert policy.startswith(b"default-src 'none';")
        assert b"unsafe" not in policy

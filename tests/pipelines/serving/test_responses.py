from __future__ import annotations

from pipelines.serving.responses import Response, json_response


def test_headers_every_answer_has() -> None:
    response = json_response({"a": "ü"}, 201, headers={"allow": "GET"})
    assert response.body == '{"a":"ü"}'.encode()
    assert dict(response.headers) == {
        b"content-type": b"application/json",
        b"content-length": b"10",
        b"cache-control": b"no-cache",
        b"x-content-type-options": b"nosniff",
        b"allow": b"GET",
    }


def test_a_header_can_be_replaced() -> None:
    response = Response(b"", "text/plain", headers={"cache-control": "public"})
    assert [value for name, value in response.headers if name == b"cache-control"] == [b"public"]

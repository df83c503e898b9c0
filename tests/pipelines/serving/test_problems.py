from __future__ import annotations

import json

from pipelines.serving.problems import Problem, shown


def test_a_problem_document() -> None:
    response = Problem(404, "There is none.", suggestions=["Oban"]).response()
    assert response.status == 404
    assert (b"content-type", b"application/problem+json") in response.headers
    assert json.loads(response.body) == {
        "type": "about:blank",
        "title": "Not Found",
        "status": 404,
        "detail": "There is none.",
        "suggestions": ["Oban"],
    }


def test_the_inference_protocol_has_its_own_form() -> None:
    response = Problem(405, "Not so.", {"allow": "GET"}).protocol_response()
    assert json.loads(response.body) == {"error": "Not so."}
    assert (b"content-type", b"application/json") in response.headers
    assert (b"allow", b"GET") in response.headers


def test_text_from_outside_is_quoted_short_and_harmless() -> None:
    assert shown("Oban") == "“Oban”"
    assert shown("a\r\nb\x1b[31m\u202e\0") == "“a\ufffd\ufffdb\ufffd[31m\ufffd\ufffd”"
    assert shown("x" * 100) == "“" + "x" * 60 + "…”"

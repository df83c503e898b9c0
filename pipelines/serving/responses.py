"""Answers as bytes, made once and sent as often as need be."""

from __future__ import annotations

from typing import Any

import msgspec

JSON = "application/json"
encode = msgspec.json.Encoder().encode


class Response:
    """A status, headers and a body, ready to be sent; treat as constant, for it may be sent many times."""

    __slots__ = ("body", "headers", "status")

    def __init__(
        self, body: bytes, content_type: str, status: int = 200, headers: dict[str, str] | None = None
    ) -> None:
        """Add the headers that every answer has."""
        self.status = status
        self.body = body
        fields = {
            "content-type": content_type,
            "cache-control": "no-cache",
            "x-content-type-options": "nosniff",
            **(headers or {}),
        }
        if status not in (204, 304):  # these have no body, so a length of it would only mislead
            fields["content-length"] = str(len(body))
        self.headers = [(name.encode(), value.encode()) for name, value in fields.items()]


def json_response(
    content: Any, status: int = 200, content_type: str = JSON, headers: dict[str, str] | None = None
) -> Response:
    """`content` as JSON."""
    return Response(encode(content), content_type, status, headers)

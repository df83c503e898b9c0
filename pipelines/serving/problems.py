"""What goes wrong, told in one form: problem documents (RFC 9457), and the inference protocol's error object."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from pipelines.serving.responses import Response, json_response


class Problem(Exception):
    """A request that can't be answered: an HTTP status, what is wrong with it, and what helps.

    `members` are further members of the problem document, such as `parameter` or `suggestions`.
    """

    def __init__(self, status: int, detail: str, headers: dict[str, str] | None = None, **members: Any) -> None:
        """Say what is wrong in one or two whole sentences: `detail`."""
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.headers = headers or {}
        self.members = members

    def response(self) -> Response:
        """The problem document."""
        document = {
            "type": "about:blank",
            "title": HTTPStatus(self.status).phrase,
            "status": self.status,
            "detail": self.detail,
            **self.members,
        }
        return json_response(document, self.status, "application/problem+json", self.headers)

    def protocol_response(self) -> Response:
        """The same as the Open Inference Protocol has it: an object with one member, `error`."""
        return json_response({"error": self.detail}, self.status, headers=self.headers)


def shown(text: str, most: int = 60) -> str:
    """`text` from outside, fit to be quoted in a message: short, and without control characters."""
    clean = "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in text)
    return f"“{clean[:most]}…”" if len(clean) > most else f"“{clean}”"

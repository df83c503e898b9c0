"""The least there can be: an ASGI app that returns a constant, as long as an answer of /recommend."""

from __future__ import annotations

import json

NEIGHBOURS = [{"whisky": "Lagavulin", "distance": 2.449489}] * 5
BODY = json.dumps({"whisky": "Laphroaig", "neighbours": NEIGHBOURS, "model": "0" * 64}).encode()
HEADERS = [(b"content-type", b"application/json"), (b"content-length", str(len(BODY)).encode())]


async def app(scope, receive, send):
    await send({"type": "http.response.start", "status": 200, "headers": HEADERS})
    await send({"type": "http.response.body", "body": BODY})

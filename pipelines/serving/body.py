"""Reads a request's body, within bounds of size and time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from pipelines.serving.problems import Problem

Receive = Callable[[], Any]

MOST_BODY = 1_000_000
"""The largest body taken, in bytes; two hundred times what MOST_ROWS profiles of a dozen features need."""

_SECONDS = 10.0


async def read_body(receive: Receive) -> bytes:
    """The whole body; raises Problem where it is too large (413) or takes too long (408)."""
    try:
        async with asyncio.timeout(_SECONDS):
            return await _receive_body(receive)
    except TimeoutError:
        detail = f"The body did not arrive within {_SECONDS:g} s."
        raise Problem(408, detail, {"connection": "close"}) from None


async def _receive_body(receive: Receive) -> bytes:
    chunks: list[bytes] = []
    size, more = 0, True
    # What is a little too large is read to its end and dropped: a client that still sends would miss the answer.
    while more and size <= 8 * MOST_BODY:
        message = await receive()
        if message["type"] == "http.disconnect":
            break
        chunk, more = message.get("body", b""), message.get("more_body", False)
        size += len(chunk)
        if size <= MOST_BODY:
            chunks.append(chunk)
    if size > MOST_BODY:
        raise Problem(413, f"The body is larger than {MOST_BODY} bytes.", {"connection": "close"} if more else None)
    return b"".join(chunks)

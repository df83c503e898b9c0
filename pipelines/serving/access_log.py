"""The access log: a JSON object a line for each request, written in batches.

No line can be forged: values are JSON strings of printable ASCII, so nothing from outside starts a line, ends a
field, or drives a terminal.
"""

from __future__ import annotations

import asyncio
import os
import re
import secrets
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from random import Random

import msgspec

FLUSH_SECONDS = 0.1
_BATCH = 512  # lines; a busy service writes as they come together, not in one lump ten times a second
_LONGEST = 512  # characters of a path or query that are logged

_acceptable_id = re.compile(rb"[A-Za-z0-9._~+/=:@-]{1,128}").fullmatch
_random = Random(secrets.randbits(128))  # noqa: S311 (ids tell requests apart; they keep no secret)


class Line(msgspec.Struct, gc=False):
    """One line."""

    time: datetime
    request_id: str
    method: str
    path: str
    query: str
    status: int
    duration_ms: float
    model: str


def request_id(headers: Sequence[tuple[bytes, bytes]]) -> bytes:
    """The request's id: the one in its first X-Request-Id if that is 1-128 harmless characters, else a new one."""
    for name, value in headers:
        if name == b"x-request-id":
            return value if _acceptable_id(value) else _new_id()
    return _new_id()


def _new_id() -> bytes:
    return b"%016x" % _random.getrandbits(64)


class AccessLog:
    """Takes lines and writes them to a file or a stream, at the latest FLUSH_SECONDS later.

    A log that can't be written never stops the service: the lines are counted in `lost`.
    """

    def __init__(self, path: str | None) -> None:
        """Append to the file `path` ("-": standard output; None: nowhere); raises OSError where it can't be."""
        self.lost = 0
        self._path = path
        self._lines: list[Line] = []
        self._encode = msgspec.json.Encoder().encode_lines
        self._timer: asyncio.TimerHandle | None = None
        self._file: int | None = None
        self.reopen()

    def add(
        self, when: float, identity: bytes, method: str, target: tuple[bytes, bytes], status: int, seconds: float,
        model: str,
    ) -> None:  # fmt: skip
        """Note a request that was answered; `target` is its raw path and query."""
        if self._file is None:
            return
        path, query = target
        self._lines.append(
            Line(
                datetime.fromtimestamp(when, UTC),
                identity.decode("ascii"),
                method,
                path[:_LONGEST].decode("ascii", "backslashreplace"),
                query[:_LONGEST].decode("ascii", "backslashreplace"),
                status,
                round(seconds * 1000, 3),
                model,
            )
        )
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(FLUSH_SECONDS, self.flush)
        elif len(self._lines) >= _BATCH:
            self.flush()

    def flush(self) -> None:
        """Write what has come together."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        lines, self._lines = self._lines, []
        if not lines or self._file is None:
            return
        content = memoryview(self._encode(lines))
        try:
            while content:
                content = content[os.write(self._file, content) :]
        except OSError:
            self.lost += len(lines)

    def reopen(self) -> None:
        """Open the file anew, so that a log that was moved away (rotated) goes on in a fresh one."""
        self.flush()
        if self._path is None:
            return
        if self._path == "-":
            self._file = sys.stdout.fileno()
            return
        opened = os.open(Path(self._path), os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o640)
        self.close()
        self._file = opened

    def close(self) -> None:
        """Write the rest, and close the file."""
        self.flush()
        if self._file is not None and self._path != "-":
            os.close(self._file)
        self._file = None

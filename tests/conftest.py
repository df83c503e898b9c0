"""What tests of every folder share."""

from __future__ import annotations

import socket

import pytest


@pytest.fixture
def port() -> int:
    """A port on which nothing listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        number: int = probe.getsockname()[1]
        return number

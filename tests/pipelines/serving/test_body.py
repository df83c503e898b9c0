from __future__ import annotations

from collections.abc import Callable

import pytest

from pipelines.serving import body


def test_a_body_too_large(asker: Callable) -> None:
    slightly = asker("POST", "/v2/models/whisky/infer", {}, [b"x" * 600_000] * 2)
    assert (slightly.status, "connection" in slightly.headers) == (413, False)
    hugely = asker("POST", "/v2/models/whisky/infer", {}, [b"x" * 1_000_000] * 20)
    assert (hugely.status, hugely.headers["connection"]) == (413, "close")


def test_a_body_that_never_ends(asker: Callable, monkeypatch: pytest.MonkeyPatch) -> None:
    async def never(receive: object) -> bytes:
        raise TimeoutError

    monkeypatch.setattr(body, "_receive_body", never)
    assert asker("POST", "/v2/models/whisky/infer", {}, b"{}").status == 408

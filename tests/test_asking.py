"""The demo's customers count what they get; a rollback that drops requests would not go unseen."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from tests.on_cluster import asking


class Shop(BaseHTTPRequestHandler):
    """Answers twice with a model, then says 503, then hangs up, and so on."""

    asked = 0

    def do_GET(self) -> None:
        turn, Shop.asked = Shop.asked % 4, Shop.asked + 1
        if turn == 3:
            return
        body = json.dumps({"model": "m"}).encode()
        self.send_response(503 if turn == 2 else 200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def shop() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Shop) as server:
        threading.Thread(target=server.serve_forever).start()
        yield f"127.0.0.1:{server.server_port}"
        server.shutdown()


def test_answers_and_failures_are_counted_by_what_they_were(shop: str, capsys: pytest.CaptureFixture[str]) -> None:
    asking.main(shop, "/recommend", 0.5)
    begun, told = capsys.readouterr().out.splitlines()
    assert begun == "asking"
    counted = json.loads(told)
    assert counted["model"]["m"] >= 2
    kinds = {what.split(":")[0] for what in counted["failure"]}
    assert kinds == {"ValueError", "RemoteDisconnected"}


def test_a_service_that_is_gone_is_a_failure(port: int, capsys: pytest.CaptureFixture[str]) -> None:
    asking.main(f"127.0.0.1:{port}", "/", 0.1)
    counted = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert counted["model"] == {}
    assert all(what.startswith("ConnectionRefusedError") for what in counted["failure"])
    assert counted["failure"]

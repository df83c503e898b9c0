"""Keys are made once, and never again. The Kubernetes API is a small real HTTP server here."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from hub.errors import HubError
from hub.keys import MAKERS, Secrets, ensure, here


class Kubernetes(ThreadingHTTPServer):
    """Secrets of the namespace `stillhouse`, kept as the API keeps them; `refusals` are answered first."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.kept, self.refusals, self.writes = {}, [], []

    @property
    def api(self):
        return Secrets(f"http://127.0.0.1:{self.server_port}", "stillhouse", "the token")


class Handler(BaseHTTPRequestHandler):
    def log_message(self, *arguments):
        pass

    def answer(self, status, body):
        self.send_response(status)
        self.end_headers()
        self.wfile.write(json.dumps(body).encode())

    def do_GET(self):
        assert self.headers["Authorization"] == "Bearer the token"
        *_, name = self.path.split("/")
        assert self.path == f"/api/v1/namespaces/stillhouse/secrets/{name}"
        if self.server.refusals:
            return self.answer(self.server.refusals.pop(0), {"reason": "Forbidden"})
        return self.answer(200, self.server.kept[name]) if name in self.server.kept else self.answer(404, {})

    def body(self):
        return json.loads(self.rfile.read(int(self.headers["Content-Length"])))

    def do_POST(self):
        made = self.body()
        name = made["metadata"]["name"]
        if name in self.server.kept:
            return self.answer(409, {"message": "already exists"})
        made["metadata"]["resourceVersion"] = "1"
        self.server.kept[name] = made
        self.server.writes.append(self.command)
        return self.answer(201, made)

    def do_PATCH(self):
        assert self.headers["Content-Type"] == "application/merge-patch+json"
        kept, patch = self.server.kept[self.path.split("/")[-1]], self.body()
        if patch["metadata"]["resourceVersion"] != kept["metadata"]["resourceVersion"]:
            return self.answer(409, {"message": "it changed"})
        kept["data"].update(patch["data"])
        self.server.writes.append(self.command)
        return self.answer(200, kept)


@pytest.fixture
def kubernetes():
    with Kubernetes() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def decoded(kubernetes, name="keys"):
    return {key: base64.b64decode(one).decode() for key, one in kubernetes.kept[name]["data"].items()}


def test_keys_are_made_into_a_new_secret(kubernetes):
    assert ensure(kubernetes.api, "keys", ["proxy-token", "password"]) == ["proxy-token", "password"]
    made = decoded(kubernetes)
    assert len(made["proxy-token"]) == 64
    assert len(made["password"]) == 16


def test_making_them_again_changes_nothing(kubernetes):
    ensure(kubernetes.api, "keys", list(MAKERS))
    before = decoded(kubernetes)
    assert ensure(kubernetes.api, "keys", list(MAKERS)) == []
    assert decoded(kubernetes) == before
    assert kubernetes.writes == ["POST"]


def test_what_is_missing_is_added_and_the_rest_stays(kubernetes):
    ensure(kubernetes.api, "keys", ["password"])
    before = decoded(kubernetes)
    assert ensure(kubernetes.api, "keys", ["password", "admin-password"]) == ["admin-password"]
    after = decoded(kubernetes)
    assert after["password"] == before["password"]
    assert len(after["admin-password"]) >= 32


def test_an_empty_key_counts_as_missing(kubernetes):
    metadata = {"name": "keys", "resourceVersion": "1"}
    kubernetes.kept["keys"] = {"metadata": metadata, "data": {"password": ""}}
    assert ensure(kubernetes.api, "keys", ["password"]) == ["password"]


def test_no_two_secrets_are_alike(kubernetes):
    for name in ("one", "two"):
        ensure(kubernetes.api, name, list(MAKERS))
    one, two = decoded(kubernetes, "one"), decoded(kubernetes, "two")
    assert not set(one.values()) & set(two.values())


def test_another_job_that_was_quicker_wins(kubernetes, monkeypatch):
    """It makes the Secret between our look and our writing."""
    late = Secrets.create

    def create(self, name, data):
        monkeypatch.setattr(Secrets, "create", late)
        ensure(kubernetes.api, name, ["password"])
        return late(self, name, data)

    monkeypatch.setattr(Secrets, "create", create)
    assert ensure(kubernetes.api, "keys", ["password"]) == []
    assert kubernetes.writes == ["POST"]


def test_rights_that_are_not_known_everywhere_yet_are_waited_for(kubernetes):
    kubernetes.refusals = [403, 401]
    assert ensure(kubernetes.api, "keys", ["password"]) == ["password"]


def test_rights_that_never_come_are_told(kubernetes):
    kubernetes.refusals = [403] * 1000
    with pytest.raises(HubError, match=r"Secret keys: status 403\. .*Forbidden"):
        ensure(kubernetes.api, "keys", ["password"], patience=0.3)


def test_a_refusal_that_waiting_does_not_mend_is_told_at_once(kubernetes):
    kubernetes.refusals = [422]
    with pytest.raises(HubError, match="status 422"):
        ensure(kubernetes.api, "keys", ["password"])


def test_a_key_that_nobody_knows_is_refused(kubernetes):
    with pytest.raises(HubError, match=r"api-token: no such key can be made\. What can be: proxy-token,"):
        ensure(kubernetes.api, "keys", ["api-token"])
    assert kubernetes.kept == {}


def test_a_server_that_is_not_there_is_told(port):
    with pytest.raises(HubError, match=f"http://127.0.0.1:{port} can't be reached"):
        ensure(Secrets(f"http://127.0.0.1:{port}", "stillhouse", ""), "keys", ["password"])


def test_outside_a_pod_it_says_so(tmp_path):
    with pytest.raises(HubError, match="This is for a pod with a service account's token"):
        here(tmp_path)


def test_it_starts_quickly_because_it_needs_nothing_but_python():
    """Its Job runs before all else."""
    code = "import sys, hub.keys; print({'yaml', 'jupyterhub', 'traitlets', 'kubernetes_asyncio'} & set(sys.modules))"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout == "set()\n"

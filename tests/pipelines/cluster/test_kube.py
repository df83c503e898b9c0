"""What a cluster answers, and what becomes of it; the cluster is a small server of our own."""

from __future__ import annotations

import json
from dataclasses import asdict
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import kr8s
import pytest

from pipelines.cluster import kube
from pipelines.cluster.errors import ClusterError

RUN = {
    "apiVersion": "argoproj.io/v1alpha1",
    "kind": "Workflow",
    "metadata": {"name": "w-1", "namespace": "runs"},
    "spec": {},
}


class Server(ThreadingHTTPServer):
    """Answers what a test says: (status, body) by method and the path's end."""

    answers: dict[tuple[str, str], tuple[int, object]]
    asked: list[tuple[str, str]]


class Handler(BaseHTTPRequestHandler):
    def answer(self):
        length = int(self.headers.get("Content-Length") or 0)
        self.rfile.read(length)
        path = self.path.partition("?")[0].rstrip("/")
        self.server.asked.append((self.command, self.path))
        status, body = self.server.answers.get((self.command, path), (404, {"message": "no", "reason": "NotFound"}))
        content = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_POST = answer

    def log_message(self, *_):
        pass


@pytest.fixture
def server(tmp_path, monkeypatch):
    made = Server(("127.0.0.1", 0), Handler)
    made.answers = {("GET", "/version"): (200, {"major": "1", "minor": "34", "gitVersion": "v1.34.4"})}
    made.asked = []
    thread = Thread(target=made.serve_forever, daemon=True)
    thread.start()
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "c", "cluster": {"server": f"http://127.0.0.1:{made.server_port}"}}],
        "users": [{"name": "u", "user": {"token": "t"}}],
        "contexts": [{"name": "x", "context": {"cluster": "c", "user": "u"}}],
        "current-context": "x",
    }
    (tmp_path / "kubeconfig").write_text(json.dumps(config))
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "kubeconfig"))
    kr8s.Api._instances.clear()
    yield made
    made.shutdown()
    made.server_close()
    kr8s.Api._instances.clear()


RUNS = "/apis/argoproj.io/v1alpha1/namespaces/runs/workflows"


def test_a_run_is_made_once(server):
    server.answers["POST", RUNS] = (201, RUN)
    assert kube.create(RUN)
    server.answers["POST", RUNS] = (409, {"message": "it exists", "reason": "AlreadyExists"})
    assert not kube.create(RUN)


def test_a_refusal_is_told(server):
    server.answers["POST", RUNS] = (403, {"message": "you may not", "reason": "Forbidden"})
    with pytest.raises(ClusterError, match="the cluster refused: you may not"):
        kube.create(RUN)


def test_a_run_is_found_or_not(server):
    server.answers["GET", RUNS] = (200, {"kind": "WorkflowList", "items": [{**RUN, "status": {"phase": "Running"}}]})
    found = kube.find("w-1", "runs")
    assert found
    assert found["status"] == {"phase": "Running"}
    server.answers["GET", RUNS] = (200, {"kind": "WorkflowList", "items": []})
    assert kube.find("w-2", "runs") is None


def test_the_settings_are_the_charts(server, settings):
    content = {
        "kind": "ConfigMap",
        "metadata": {"name": "stillhouse-pipelines"},
        "data": {"settings.json": json.dumps(asdict(settings))},
    }
    server.answers["GET", "/api/v1/namespaces/here/configmaps"] = (200, {"items": [content]})
    assert kube.settings("here") == settings
    server.answers["GET", "/api/v1/namespaces/here/configmaps"] = (200, {"items": []})
    with pytest.raises(ClusterError, match="namespace here: there is no ConfigMap stillhouse-pipelines"):
        kube.settings("here")


def test_a_cluster_that_is_gone_is_told(server):
    server.shutdown()
    server.server_close()
    with pytest.raises(ClusterError, match=r"the cluster does not answer \(ConnectError\)"):
        kube.find("w-1", "runs")


def test_no_cluster_is_told(tmp_path, monkeypatch):
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "none"))
    kr8s.Api._instances.clear()
    with pytest.raises(ClusterError, match="KUBECONFIG"):
        kube.find("w-1", "runs")

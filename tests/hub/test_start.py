"""JupyterHub really starts from the chart's settings, as a process, and lets in who knows the password.

Its proxy is a stand-in that takes every route; no Kubernetes is asked for anything before a server is started.
"""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import pytest
import yaml
from rendering import find, least, objects, template

ROOT = Path(__file__).resolve().parents[2]
KEYS = {"proxy-token": "c" * 64, "cookie-secret": "0123456789abcdef" * 4, "password": "trial password"}
KUBECONFIG = {
    "current-context": "none",
    "contexts": [{"name": "none", "context": {"cluster": "none", "user": "none"}}],
    "clusters": [{"name": "none", "cluster": {"server": "http://127.0.0.1:9"}}],
    "users": [{"name": "none", "user": {}}],
}
PATIENCE = 60


class Proxy(BaseHTTPRequestHandler):
    """configurable-http-proxy's API, so far as a starting hub needs it."""

    def answer(self, status: int) -> None:
        known = self.headers["Authorization"] == f"token {KEYS['proxy-token']}"
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.send_response(status if known else 403)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(b"{}")

    def do_GET(self) -> None:
        self.answer(200)

    def do_POST(self) -> None:
        self.answer(201)

    def log_message(self, *arguments: object) -> None:
        pass


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """What the chart mounts: the settings and the keys; the addresses are this machine's."""
    folder = tmp_path_factory.mktemp("hub")
    (folder / "keys").mkdir()
    for name, key in KEYS.items():
        (folder / "keys" / name).write_text(key, encoding="utf-8")
    (folder / "kubeconfig").write_text(json.dumps(KUBECONFIG), encoding="utf-8")
    return folder


def write_settings(folder: Path, hub: int, proxy: int, trial: bool = True) -> None:
    made = find(objects(template("stillhouse", least())), "ConfigMap", "stillhouse-hub")
    settings = yaml.safe_load(made["data"]["settings.yaml"])
    settings["network"] = {"hubUrl": f"http://127.0.0.1:{hub}", "proxyApi": f"http://127.0.0.1:{proxy}"}
    settings["database"]["url"] = f"sqlite:///{folder}/hub.sqlite"
    settings["auth"]["trial"] = trial
    (folder / "settings.yaml").write_text(yaml.safe_dump(settings), encoding="utf-8")


def start(folder: Path) -> subprocess.Popen[str]:
    """The hub, as its pod starts it; what it says goes to the folder's log."""
    environment = {
        **os.environ,
        "STILLHOUSE_HUB_SETTINGS": str(folder / "settings.yaml"),
        "STILLHOUSE_HUB_KEYS": str(folder / "keys"),
        "KUBECONFIG": str(folder / "kubeconfig"),
        "PYTHONPATH": str(ROOT),
    }
    command = [sys.executable, "-m", "jupyterhub", "--config", str(ROOT / "hub" / "jupyterhub_config.py")]
    with (folder / "log").open("w", encoding="utf-8") as log:
        return subprocess.Popen(command, cwd=folder, env=environment, stdout=log, stderr=log, text=True)


@pytest.fixture(scope="module")
def hub(folder):
    """The address of a hub that answers."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        number = probe.getsockname()[1]
    with ThreadingHTTPServer(("127.0.0.1", 0), Proxy) as proxy:
        thread = threading.Thread(target=proxy.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        write_settings(folder, number, proxy.server_port)
        process = start(folder)
        try:
            wait_for(f"http://127.0.0.1:{number}/hub/health", process, folder)
            yield f"http://127.0.0.1:{number}"
        finally:
            process.terminate()
            process.wait(30)
            proxy.shutdown()
            thread.join()


def wait_for(url: str, process: subprocess.Popen[str], folder: Path) -> None:
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until and process.poll() is None:
        try:
            if httpx.get(url).status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.05)
    pytest.fail(f"the hub did not come up:\n{(folder / 'log').read_text(encoding='utf-8')[-3000:]}")


@contextmanager
def log_in(hub: str, password: str) -> Iterator[httpx.Client]:
    """A browser's steps: the page, then its form with the page's token."""
    with httpx.Client(base_url=hub, follow_redirects=True) as client:
        page = client.get("/hub/login")
        token = re.search(r'name="_xsrf" value="([^"]+)"', page.text)
        assert token, page.text[:500]
        client.post("/hub/login", data={"username": "ada", "password": password, "_xsrf": token[1]})
        yield client


def test_who_knows_the_password_is_let_in_and_offered_both_profiles(hub):
    with log_in(hub, KEYS["password"]) as client:
        page = client.get("/hub/spawn").text
    assert 'value="cpu"' in page
    assert 'value="gpu"' in page
    assert "One GPU of your own, until you stop the server." in page


def test_who_does_not_is_not(hub):
    with log_in(hub, "a wrong password") as client:
        assert client.get("/hub/spawn").url.path == "/hub/login"


def test_every_setting_is_one_that_jupyterhub_knows(hub, folder):
    with log_in(hub, KEYS["password"]) as client:
        client.get("/hub/spawn")  # makes a spawner, which reads its part
    log = (folder / "log").read_text(encoding="utf-8")
    assert "JupyterHub is now running" in log
    assert "not recognized" not in log
    assert not [line for line in log.splitlines() if line.startswith(("[E", "[C"))]


def test_without_trial_it_ends_with_one_line_that_says_what_to_do(folder, tmp_path):
    for name in ("keys", "kubeconfig"):
        (tmp_path / name).symlink_to(folder / name)
    write_settings(tmp_path, 9, 9, trial=False)
    process = start(tmp_path)
    assert process.wait(PATIENCE) == 1
    last = (tmp_path / "log").read_text(encoding="utf-8").splitlines()[-1]
    assert last.startswith("The hub can't start. auth.trial is false")

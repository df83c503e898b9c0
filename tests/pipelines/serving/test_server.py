"""Real service processes: their start, their signals, and that no request is lost by either."""

from __future__ import annotations

import http.client
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from pipelines.serving import server

ROOT = Path(__file__).parents[3]

Run = Callable[..., Any]
Saved = Callable[..., Path]


class Load:
    """Clients that ask without pause, each over one connection as long as the service keeps it open."""

    def __init__(self, port: int, clients: int = 4) -> None:
        self.models: list[str] = []
        self.failures: list[str] = []
        self._port = port
        self._over = threading.Event()
        self._threads = [threading.Thread(target=self._ask_on, args=(at,)) for at in range(clients)]

    def __enter__(self) -> Load:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self.join()

    def join(self) -> None:
        for thread in self._threads:
            thread.join(timeout=30)
            assert not thread.is_alive(), "a request got no answer"

    def _ask_on(self, client: int) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=20)
        while not self._over.is_set():
            if connection.sock is None:
                try:
                    connection.connect()
                except ConnectionRefusedError:  # turned away before a request was made: nothing is lost
                    return
            try:
                self.models.append(self._ask(connection, client))
            except (OSError, http.client.HTTPException, ValueError) as error:
                self.failures.append(f"{type(error).__name__}: {error}")
                connection.close()
        connection.close()

    def _ask(self, connection: http.client.HTTPConnection, client: int) -> str:
        if client % 3 == 0:
            tensor = {"name": "whisky", "datatype": "BYTES", "shape": [1], "data": ["Ardbeg"]}
            connection.request("POST", "/v2/models/whisky/infer", json.dumps({"inputs": [tensor]}))
        else:
            connection.request("GET", f"/recommend?whisky=Ardbeg&n={len(self.models) % 9 + 1}")
        answer = connection.getresponse()
        content = json.loads(answer.read())
        if answer.status != 200:
            raise ValueError(f"status {answer.status}: {content}")
        if answer.will_close:
            connection.close()
        return str(content.get("model") or content["model_version"])


def test_going_down_under_load_loses_no_request(run_service: Run, saved: Saved) -> None:
    service = run_service(saved(), "--drain", "0.5")
    with Load(service.port) as load:
        service.wait_until(lambda: len(load.models) > 100, "100 answers")
        answered = len(load.models)
        service.signal(signal.SIGTERM)
        assert service.process.wait(timeout=30) == 0
        load.join()
        assert load.failures == []
        assert len(load.models) > answered, "it stopped answering at once"
    logged = [json.loads(line) for line in service.log.read_text().splitlines()]
    assert len([line for line in logged if line["status"] == 200]) == len(load.models), "the log is complete"


def test_a_new_model_is_taken_up_under_load_without_losing_a_request(
    run_service: Run, saved: Saved, tmp_path: Path
) -> None:
    one, two = saved("one"), saved("two", metric="manhattan")
    link = tmp_path / "current"
    link.symlink_to(one)
    service = run_service(link)
    versions = [json.loads((folder / "model.json").read_text())["version"] for folder in (one, two)]
    with Load(service.port) as load:
        for folder, version in ((two, versions[1]), (one, versions[0]), (two, versions[1])):
            _turn(link, folder)
            service.signal(signal.SIGHUP)
            service.wait_until(lambda: json.loads(service.ready_file.read_text())["model"] == version, "the swap")  # noqa: B023
            # A client may still hold an answer made before; whatever it asks from here on has the new model.
            assert service.get("/recommend?whisky=Ardbeg").json()["model"] == version
            begun = len(load.models) + 4
            service.wait_until(lambda: len(load.models) > begun + 40, "40 answers more")  # noqa: B023
            assert set(load.models[begun:]) == {version}
        assert load.failures == []
    assert set(load.models) == set(versions)
    assert 'stillhouse_model_reloads_total{result="succeeded"} 3.0' in service.get("/metrics").text


def _turn(link: Path, folder: Path) -> None:
    aside = link.with_name("aside")
    aside.symlink_to(folder)
    aside.replace(link)


def test_a_bad_new_model_leaves_the_old_one_serving(run_service: Run, saved: Saved) -> None:
    folder = saved()
    service = run_service(folder)
    version = service.get("/readyz").json()["model"]
    (folder / "vectors.npy").write_bytes(b"spoilt")
    service.signal(signal.SIGHUP)
    failed = 'stillhouse_model_reloads_total{result="failed"} 1.0'
    service.wait_until(lambda: failed in service.get("/metrics").text, "the failure to be counted")
    assert service.get("/recommend?whisky=Ardbeg").json()["model"] == version
    assert re.search(r"reload failed, [0-9a-f]{12} goes on serving: .*vectors\.npy", service.stop())


def test_a_reload_goes_on_in_a_fresh_log_too(run_service: Run, saved: Saved) -> None:
    service = run_service(saved())
    service.get("/healthz")
    service.wait_until(lambda: service.log.stat().st_size > 0, "the first line")
    service.log.rename(service.log.with_suffix(".1"))
    service.signal(signal.SIGHUP)
    service.wait_until(service.log.exists, "the fresh log")
    service.get("/readyz")
    service.wait_until(lambda: service.log.stat().st_size > 0, "a line in it")
    assert "/readyz" in service.log.read_text()


def test_a_request_under_way_is_answered_before_the_end(run_service: Run, saved: Saved) -> None:
    service = run_service(saved())
    body = json.dumps({"inputs": [{"name": "whisky", "datatype": "BYTES", "shape": [1], "data": ["Ardbeg"]}]}).encode()
    with socket.create_connection(("127.0.0.1", service.port), timeout=20) as client:
        head = f"POST /v2/models/whisky/infer HTTP/1.1\r\nhost: x\r\ncontent-length: {len(body)}\r\n\r\n"
        client.sendall(head.encode() + body[:10])
        service.wait_until(lambda: service.get("/healthz").status_code == 200, "an answer")
        service.signal(signal.SIGTERM)
        service.wait_until(lambda: _refused(service.port), "new connections to be refused")
        client.sendall(body[10:])
        answer = b"".join(iter(lambda: client.recv(65536), b""))
    assert answer.startswith(b"HTTP/1.1 200 ")
    assert b'"Lagavulin"' in answer
    assert service.process.wait(timeout=30) == 0


def test_a_connection_just_made_is_answered_before_the_end(run_service: Run, saved: Saved) -> None:
    """The last ones in: their request comes when the door is already shut."""
    service = run_service(saved())
    with socket.create_connection(("127.0.0.1", service.port), timeout=20) as client:
        assert service.get("/healthz").status_code == 200  # so the connection before it was accepted
        service.signal(signal.SIGTERM)
        service.wait_until(lambda: _refused(service.port), "new connections to be refused")
        client.sendall(b"GET /recommend?whisky=Ardbeg HTTP/1.1\r\nhost: x\r\n\r\n")
        answer = b"".join(iter(lambda: client.recv(65536), b""))
    assert answer.startswith(b"HTTP/1.1 200 ")
    assert b"connection: close" in answer


@pytest.mark.skipif(sys.platform != "linux", reason="socket filters are Linux's")
def test_new_connections_are_turned_away_before_the_door_is_shut() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        address = listener.getsockname()
        with socket.create_connection(address, timeout=20) as before:
            if not server._turn_away(listener) and os.geteuid() != 0:
                pytest.skip("this kernel lets root only filter a socket")
            with pytest.raises(TimeoutError):
                socket.create_connection(address, timeout=0.2)
            accepted, _ = listener.accept()
            with accepted:
                before.sendall(b"still heard")
                assert accepted.recv(20) == b"still heard"


def test_whoever_the_kernel_has_let_in_is_accepted_before_the_door_is_shut() -> None:
    with ExitStack() as stack:
        listener = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        assert server._accept_all(listener) == []
        clients = [stack.enter_context(socket.create_connection(listener.getsockname())) for _ in range(3)]
        accepted = [stack.enter_context(one) for one in server._accept_all(listener)]
        assert {one.getpeername() for one in accepted} == {client.getsockname() for client in clients}


def _refused(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=0.2).close()
    except ConnectionRefusedError:
        return True
    except TimeoutError:
        return False  # the handshake is being turned away
    return False


def test_draining_is_told_to_load_balancers_first(run_service: Run, saved: Saved) -> None:
    service = run_service(saved(), "--drain", "30")
    assert service.get("/readyz").status_code == 200
    service.signal(signal.SIGTERM)
    service.wait_until(lambda: service.get("/readyz").status_code == 503, "readyz to say no")
    assert service.get("/recommend?whisky=Ardbeg").headers["connection"] == "close"
    service.process.kill()


def test_the_ready_file_is_whole_and_names_the_process(run_service: Run, saved: Saved) -> None:
    service = run_service(saved())
    content = json.loads(service.ready_file.read_text())
    assert content == {
        "url": f"http://127.0.0.1:{service.port}",
        "pid": service.process.pid,
        "model": service.get("/readyz").json()["model"],
    }
    assert not list(service.ready_file.parent.glob(f".{service.ready_file.name}*")), "nothing lies about"


def test_the_answers_tell_nothing_of_the_software(run_service: Run, saved: Saved) -> None:
    headers = run_service(saved()).get("/").headers
    assert "server" not in headers
    assert "uvicorn" not in str(headers).lower()


def test_a_service_goes_down_by_ctrl_c_too(run_service: Run, saved: Saved) -> None:
    service = run_service(saved())
    service.signal(signal.SIGINT)
    assert service.process.wait(timeout=30) == 0
    assert "Traceback" not in service.stop()


def test_a_port_in_use_is_told(saved: Saved, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        options = server.Options(saved(), port=port)
        with pytest.raises(server.StartError, match=f"port {port} on 127.0.0.1 is in use"):
            server.serve(options)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"model": Path("nowhere")}, "there is no model here"),
        ({"host": "256.0.0.1"}, "can't listen on 256.0.0.1"),
        ({"access_log": "/nowhere/log"}, "the access log /nowhere/log can't be opened"),
    ],
)
def test_what_prevents_the_start_is_told(saved: Saved, changes: dict[str, Any], said: str) -> None:
    with pytest.raises(server.StartError, match=re.escape(said)):
        server.serve(server.Options(**{"model": saved(), "port": 0, **changes}))


def test_ipv6(run_service: Run, saved: Saved) -> None:
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError as error:
        pytest.skip(f"no IPv6 loopback here: {error}")
    service = run_service(saved(), "--host", "::1")
    assert service.url.startswith("http://[::1]:")
    assert service.get("/healthz").status_code == 200


def test_a_started_service_says_what_it_serves_and_where(run_service: Run, saved: Saved) -> None:
    service = run_service(saved())
    version = service.get("/readyz").json()["model"]
    assert service.stop() == f"stillhouse: serving whisky {version[:12]} on {service.url}\n"


def test_light_imports_only() -> None:
    """What the image holds and no more: memory has a bar of 60 MB, and the start one of half a second."""
    code = (
        "import sys, pipelines.serving.server\n"
        "paths = {name: getattr(module, '__file__', None) or '' for name, module in list(sys.modules.items())}\n"
        "print(*sorted({n.split('.')[0] for n, path in paths.items() if 'site-packages' in path and n[0] != '_'}))\n"
        "print(*sorted(n for n in paths if n.startswith('pipelines.') and not n.startswith('pipelines.serving')))"
    )
    told = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    installed, ours = (set(line.split()) for line in told.splitlines())
    optional = {"typing_extensions"}  # msgspec takes it where it is
    assert installed - optional <= {"numpy", "uvicorn", "click", "httptools", "uvloop", "msgspec", "prometheus_client"}
    assert ours == {"pipelines.artifact", "pipelines.errors"}

"""A small model, the app in this process, and real service processes, for the tests of the service."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import httpx
import numpy as np
import pytest

from pipelines import artifact
from pipelines.serving.access_log import AccessLog
from pipelines.serving.app import App
from pipelines.serving.recommender import Recommender

ROOT = Path(__file__).parents[3]
FEATURES = ["Body", "Honey", "Smoky", "Floral"]
PROFILES = {
    "AnCnoc": [1, 2, 0, 2],
    "Ardbeg": [4, 0, 4, 0],
    "Glen Garioch": [2, 3, 0, 0],
    "Glen Grant": [1, 0, 0, 2],
    "Isle of Arran": [2, 1, 1, 2],
    "Lagavulin": [4, 1, 4, 1],
    "Laphroaig": [4, 1, 4, 1],  # the very same profile as the one before: each other's nearest
    "Macallan": [4, 2, 1, 1],
    "Mòrlach": [3, 2, 2, 2],
    "Talisker": [4, 1, 3, 1],
}
ALIASES = {"Knockdhu": "AnCnoc", "Laphroig": "Laphroaig", "Closed long ago": "No such item"}


def build(
    profiles: dict[str, list[int]] = PROFILES, metric: str = "euclidean", noun: str = "whisky", **signature: Any
) -> artifact.Model:
    """A model of these profiles; `signature` replaces parts of its signature."""
    table = np.array(list(profiles.values()), dtype=np.float64)
    return artifact.Model(
        name=noun,
        kind="nearest-neighbours",
        signature={
            "item": noun,
            "title": f"Find your next {noun}",
            "items": list(profiles),
            "features": FEATURES,
            "range": [0, 4],
            "aliases": ALIASES,
            "descriptions": {"Laphroaig": "Islay", "Lagavulin": "Islay"},
            **signature,
        },
        params={"metric": metric, "scaling": "none", "k": 5},
        arrays={
            "profiles": table,
            "vectors": table,
            "centre": np.zeros(len(FEATURES)),
            "spread": np.ones(len(FEATURES)),
        },
    )


@pytest.fixture(scope="session")
def make_model() -> Callable[..., artifact.Model]:
    return build


@pytest.fixture
def recommender() -> Recommender:
    return Recommender(build())


@dataclass
class Answer:
    """What came back."""

    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Asker:
    """Puts requests to the app as uvicorn would, without a network."""

    app: App
    log: Path
    lines: list[Any] = field(default_factory=list)

    def __call__(
        self, method: str, target: str, headers: dict[str, str] | None = None, body: bytes | list[bytes] = b""
    ) -> Answer:
        return asyncio.run(self._ask(method, target, headers or {}, [body] if isinstance(body, bytes) else body))

    def get(self, target: str, **headers: str) -> Answer:
        return self("GET", target, {name.replace("_", "-"): value for name, value in headers.items()})

    def infer(self, content: Any, path: str = "/v2/models/whisky/infer") -> Answer:
        body = content if isinstance(content, bytes) else json.dumps(content).encode()
        return self("POST", path, {"content-type": "application/json"}, body)

    def logged(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.log.read_bytes().split(b"\n")[:-1]]

    async def _ask(self, method: str, target: str, headers: dict[str, str], chunks: list[bytes]) -> Answer:
        parts = urlsplit(target)
        scope = {
            "type": "http",
            "method": method,
            "path": unquote(parts.path),
            "raw_path": parts.path.encode(),
            "query_string": parts.query.encode(),
            "headers": [(name.encode(), value.encode("latin-1")) for name, value in headers.items()],
        }
        coming = [
            {"type": "http.request", "body": chunk, "more_body": at < len(chunks) - 1}
            for at, chunk in enumerate(chunks)
        ]
        sent: list[Any] = []

        async def receive() -> Any:
            return coming.pop(0) if coming else {"type": "http.disconnect"}

        async def send(message: Any) -> None:
            sent.append(message)

        await self.app(scope, receive, send)
        self.app.log.flush()
        start, end = sent
        named = {name.decode(): value.decode("latin-1") for name, value in start["headers"]}
        return Answer(start["status"], named, end["body"])


@pytest.fixture
def asker(tmp_path: Path, recommender: Recommender) -> Iterator[Asker]:
    log = AccessLog(str(tmp_path / "access.log"))
    yield Asker(App(recommender, log), tmp_path / "access.log")
    log.close()


@dataclass
class Service:
    """A running service process."""

    url: str
    process: subprocess.Popen[str]
    ready_file: Path
    log: Path

    @property
    def port(self) -> int:
        return urlsplit(self.url).port or 0

    def get(self, target: str) -> httpx.Response:
        return httpx.get(self.url + target, timeout=10, trust_env=False)

    def signal(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    def wait_until(self, true: Callable[[], bool], what: str) -> None:
        """Come back once `true()` holds; a deadline far away tells a hang from a slow machine."""
        deadline = time.monotonic() + 30
        while not true():
            assert time.monotonic() < deadline, f"not within 30 s: {what}"
            time.sleep(0.01)

    def stop(self) -> str:
        """End it, and give what it said on standard error."""
        if self.process.poll() is None:
            self.process.terminate()
        return self.process.communicate(timeout=30)[1]


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "pipelines.serving", *arguments]


@contextmanager
def _running(folder: Path) -> Iterator[Callable[..., Service]]:
    """Starts services on free ports, their files in `folder`, and ends those that are left."""
    started: list[Service] = []

    def run(model: Path, *arguments: str) -> Service:
        ready = folder / f"ready-{len(started)}.json"
        log = folder / f"access-{len(started)}.log"
        call = command("--model", str(model), "--port", "0", "--ready-file", str(ready))
        call += ["--access-log", str(log), "--drain", "0", *arguments]
        process = subprocess.Popen(call, cwd=ROOT, stderr=subprocess.PIPE, text=True, env=_environment())
        service = Service("", process, ready, log)
        started.append(service)
        service.wait_until(lambda: ready.exists() or process.poll() is not None, "the service's start")
        assert process.poll() is None, process.communicate()[1]
        service.url = json.loads(ready.read_text())["url"]
        return service

    try:
        yield run
    finally:
        for service in started:
            service.stop()


@pytest.fixture
def run_service(tmp_path: Path) -> Iterator[Callable[..., Service]]:
    """Starts services for one test."""
    with _running(tmp_path) as run:
        yield run


@pytest.fixture(scope="module")
def run_shared_service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Service]]:
    """Starts services for all tests of a module; for tests that change nothing in them."""
    with _running(tmp_path_factory.mktemp("shared")) as run:
        yield run


@pytest.fixture
def saved(tmp_path: Path) -> Callable[..., Path]:
    """Saves a model to a folder and gives the folder."""

    def save(name: str = "model", **parts: Any) -> Path:
        artifact.save(build(**parts), tmp_path / name)
        return tmp_path / name

    return save


def _environment() -> dict[str, str]:
    return {**os.environ, "PYTHONDONTWRITEBYTECODE": "1", "PYTHONWARNINGS": "error"}

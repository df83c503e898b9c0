"""A model, a project whose base is a few bytes, and a registry: so that most tests need neither network nor time."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import numpy as np
import pytest

from pipelines.artifact import Model, save
from pipelines.image import base, dependencies, platforms
from pipelines.image.assemble import PROJECT, Image, assemble
from pipelines.image.base_lock import Pin, write_pin
from pipelines.image.cache import Cache, Kept, default_folder, key
from pipelines.image.errors import ImageError
from pipelines.image.layer import File, Link, in_memory

REAL_CACHE = default_folder()


def make_model(folder: Path, k: int = 5) -> str:
    """Write a small model and return its hash."""
    vectors = np.array([[0.0, 1.0], [1.0, 1.0], [4.0, 4.0]])
    signature = {
        "item": "whisky",
        "title": "Find your next whisky",
        "items": ["Ardbeg", "Laphroaig", "Tomatin"],
        "features": ["Smoky", "Body"],
        "range": [0, 4],
        "aliases": {},
        "descriptions": {},
    }
    params = {"metric": "euclidean", "scaling": "none", "k": k}
    arrays = {"profiles": vectors, "vectors": vectors, "centre": np.zeros(2), "spread": np.ones(2)}
    return save(Model("whisky", "nearest-neighbours", signature, params, arrays), folder)


@pytest.fixture
def new_model() -> Callable[..., str]:
    """Write a small model to a folder; the same `k` gives the same model."""
    return make_model


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """A model's folder."""
    make_model(tmp_path / "model")
    return tmp_path / "model"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project with our code, whose lock pins a base of two files, which the cache `tmp_path/cache` holds."""
    (tmp_path / "project").mkdir()
    (tmp_path / "project" / "pipelines").symlink_to(PROJECT / "pipelines")
    cache = Cache(tmp_path / "cache")
    layer = cache.write("base", {"usr/bin/python3.11": File(b"python", executable=True), "bin": Link("usr/bin")})
    cache.keep(key("base", layer.digest), Kept((layer,)))
    for platform in platforms.PLATFORMS:
        write_pin(tmp_path / "project", platform, Pin(layer.digest, {"tiny": "1"}))
    return tmp_path / "project"


@pytest.fixture
def few_dependencies(monkeypatch: pytest.MonkeyPatch) -> None:
    """Dependencies of one file, in place of uv's work."""
    tiny = in_memory("dependencies", {"opt/dependencies/numpy.py": File(b"")})
    monkeypatch.setattr(dependencies, "layer", lambda *_: tiny)


@pytest.fixture
def make(tmp_path: Path, model: Path, project: Path, few_dependencies: None) -> Callable[..., Image]:
    """Assemble the small image; any argument can be given otherwise."""

    def call(**given: object) -> Image:
        arguments = {"model": model, "out": tmp_path / "out", "project": project, "cache": tmp_path / "cache"}
        return assemble(**{**arguments, **given})  # type: ignore[arg-type]

    return call


@pytest.fixture
def whole_image(tmp_path: Path, model: Path) -> Image:
    """The real image, where this machine has its base already."""
    try:
        base.find(PROJECT, platforms.find(None), Cache(REAL_CACHE), base.Effort(make=False), print)
    except ImageError as error:
        pytest.skip(f"needs the image's base, which takes some seconds to get, once (stillhouse image): {error}")
    image = assemble(model, tmp_path / "out", cache=REAL_CACHE)
    assert image.missing is None
    return image


@pytest.fixture
def need() -> Callable[..., list[str]]:
    """The paths of programs; where one is not installed, the test is skipped, visibly."""

    def find(*tools: str) -> list[str]:
        path = f"{os.environ['PATH']}:/usr/sbin:/sbin"
        found = {tool: shutil.which(tool, path=path) for tool in tools}
        missing = [tool for tool in tools if not found[tool]]
        if missing:
            pytest.skip(f"not installed: {', '.join(missing)} (sudo apt-get install {' '.join(missing)})")
        return [str(each) for each in found.values()]

    return find


class _Registry(BaseHTTPRequestHandler):
    """What pushing and pulling needs of the OCI distribution specification."""

    server: Server

    def do_HEAD(self) -> None:
        self._find()

    def do_GET(self) -> None:
        if self.path.startswith("/token"):
            self._answer(200, json.dumps({"token": parse_qs(urlsplit(self.path).query)["scope"][0]}).encode())
        else:
            self._find()

    def do_POST(self) -> None:
        if self._allowed():
            url = urlsplit(self.path)
            asked = {name: value[0] for name, value in parse_qs(url.query).items()}
            if self.server.mounts and self.server.has(asked.get("from", ""), asked.get("mount", "")):
                self.server.held[asked["mount"]].add(_repository(url.path))
                self._answer(201, digest=asked["mount"])
            else:
                self._answer(202, location=f"{url.path}1")

    def do_PUT(self) -> None:
        if self._allowed():
            self._take(self.rfile.read(int(self.headers["Content-Length"])))

    def _take(self, content: bytes) -> None:
        digest = f"sha256:{hashlib.sha256(content).hexdigest()}"
        url = urlsplit(self.path)
        if "/manifests/" in url.path:
            self.server.manifests[url.path.rpartition("/")[2]] = content
            self.server.manifests[digest] = content
            digest = self.server.claimed or digest
        elif parse_qs(url.query)["digest"] == [digest]:
            self.server.blobs[digest] = content
            self.server.held.setdefault(digest, set()).add(_repository(url.path))
        else:
            self._answer(400, b'{"errors": [{"code": "DIGEST_INVALID"}]}')
            return
        self.server.puts.append(url.path)
        self._answer(201, digest=digest)

    def _find(self) -> None:
        if self._allowed():
            name = self.path.rpartition("/")[2]
            blob = self.server.blobs.get(name) if self.server.has(_repository(self.path), name) else None
            content = self.server.manifests.get(name) if "/manifests/" in self.path else blob
            if content and self.command == "GET":
                self.server.gets[name] = len(content)
            self._answer(404) if content is None else self._answer(200, content)

    def _allowed(self) -> bool:
        actions = "pull,push" if self.command in ("POST", "PUT") else "pull"
        if self.server.tokens and actions not in self.headers.get("Authorization", ""):
            challenge = f'Bearer realm="http://{self.server.host}/token",service="s",scope="repository:x:{actions}"'
            return self._refuse(challenge)
        if self.server.credentials in (None, self.headers.get("Authorization")):
            return True
        return self._refuse('Basic realm="registry"')

    def _refuse(self, challenge: str) -> bool:
        if self.command in ("POST", "PUT"):
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self._answer(401, challenge=challenge)
        return False

    def _answer(
        self, status: int, content: bytes = b"", *, location: str = "", digest: str = "", challenge: str = ""
    ) -> None:
        self.send_response(status)
        headers = {"Location": location, "Docker-Content-Digest": digest, "WWW-Authenticate": challenge}
        for name, value in headers.items():
            if value:
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:
        pass


def _repository(path: str) -> str:
    return re.sub(r"^/v2/|/(blobs|manifests)/.*", "", path)


class Server(ThreadingHTTPServer):
    """An empty registry on a free port; `credentials` is the Authorization header it wants, if any.

    With `tokens` it wants a bearer token for each kind of action. `claimed` is a digest it lies about. `held` says
    which repositories have a blob; one that is not in there, all have.
    """

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Registry)
        self.blobs: dict[str, bytes] = {}
        self.manifests: dict[str, bytes] = {}
        self.held: dict[str, set[str]] = {}
        self.mounts = True
        self.puts: list[str] = []
        self.gets: dict[str, int] = {}
        self.credentials: str | None = None
        self.tokens = False
        self.claimed: str | None = None

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.server_port}"

    def has(self, repository: str, digest: str) -> bool:
        """Whether the repository has the blob."""
        return digest in self.blobs and (digest not in self.held or repository in self.held[digest])

    def hold(self, document: dict[str, object]) -> str:
        """Keep a manifest and return its digest."""
        content = json.dumps(document).encode()
        digest = f"sha256:{hashlib.sha256(content).hexdigest()}"
        self.manifests[digest] = content
        return digest

    def hold_blob(self, content: bytes) -> dict[str, object]:
        """Keep a blob and return its descriptor."""
        digest = f"sha256:{hashlib.sha256(content).hexdigest()}"
        self.blobs[digest] = content
        return {"digest": digest, "size": len(content)}


@pytest.fixture
def registry_server(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Server]:
    """A registry in this process; nobody is logged in."""
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path / "no-docker"))
    with Server() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()

"""A checkout with small images, a tool that builds without building, and a cache: no network, no root, no time."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from images import environment, layers, node, root, tools
from images.recipes import Site
from pipelines.image import platforms
from pipelines.image.cache import Cache, Kept
from pipelines.image.layer import File, in_memory, write

PROJECT = Path(__file__).resolve().parents[2]
AMD64 = platforms.find("linux/amd64")


class FakeTool:
    """Builds an image of one layer a `.tar` beside the Dockerfile, on the layers of the image below."""

    def __init__(self) -> None:
        self.built: list[str] = []
        self.store: dict[str, list[bytes]] = {}

    def build(self, name: str, context: Path, base: str | None) -> None:
        assert "FROM" in (context / "Dockerfile").read_text()
        self.built.append(name.rpartition("/")[2].partition(":")[0])
        tars = [path.read_bytes() for path in sorted(context.glob("*.tar"))]
        self.store[name] = [*self.store.get(base or "", []), *tars]

    def id_of(self, name: str) -> str:
        return hashlib.sha256(b"".join(self.store[name])).hexdigest() if name in self.store else ""

    def save(self, name: str, folder: Path) -> layers.Saved:
        folder.mkdir()
        paths, diff_ids = [], []
        for number, content in enumerate(self.store[name]):
            (folder / str(number)).write_bytes(content)
            paths.append(folder / str(number))
            diff_ids.append(f"sha256:{hashlib.sha256(content).hexdigest()}")
        run = {"User": "10001:10001", "Labels": {"org.opencontainers.image.title": "x", "io.tool.version": "1"}}
        return layers.Saved({"config": run, "rootfs": {"diff_ids": diff_ids}}, paths)


@pytest.fixture
def tool(monkeypatch: pytest.MonkeyPatch) -> FakeTool:
    """The tool that is found."""
    fake = FakeTool()
    monkeypatch.setattr(tools, "find", lambda _: fake)
    return fake


@pytest.fixture
def said() -> list[str]:
    """What a person was told."""
    return []


@pytest.fixture
def site(tmp_path: Path, said: list[str], monkeypatch: pytest.MonkeyPatch) -> Site:
    """A checkout with our recipes and little code; what the network has is there already."""
    project, cache = tmp_path / "project", Cache(tmp_path / "cache")
    for name in ("images", "pyproject.toml"):
        source = PROJECT / name
        copy: Callable[[Path, Path], object] = shutil.copytree if source.is_dir() else shutil.copyfile
        project.mkdir(exist_ok=True)
        copy(source, project / name)
    for name in ("pipelines/cli.py", "hub/jupyterhub_config.py", "helm/model/Chart.yaml", "uv.lock"):
        (project / name).parent.mkdir(parents=True, exist_ok=True)
        (project / name).write_text(f"# {name}\n")
    status = b"Package: tini\nStatus: install ok installed\nVersion: 1.0\n\n"
    base = cache.write("root", {"var/lib/dpkg/status": File(status)})
    monkeypatch.setattr(root, "find", lambda *_: root.Root(base, True))
    monkeypatch.setattr(environment, "export", lambda _, groups: f"{' '.join(groups)}==1\n")
    monkeypatch.setattr(environment, "_make", lambda whole, below, *_: Kept((_tiny(cache, whole, below),)))
    monkeypatch.setattr(node, "write_tars", _node)
    return Site(project, AMD64, cache, said.append)


def _tiny(cache: Cache, whole: str, below: str):
    return cache.write("environment", {f"{environment.FOLDER}/{len(whole)}-{len(below)}": File(whole.encode())})


def _node(_project: Path, _requirements: str, _platform: platforms.Platform, folder: Path) -> None:
    for name in ("node", "modules"):
        with (folder / f"{name}.tar").open("wb") as file:
            write({name: File(b"")}, file)


@pytest.fixture
def documents() -> Callable[[Path], tuple[dict[str, object], dict[str, object]]]:
    """The manifest and the configuration of a layout."""

    def read(folder: Path) -> tuple[dict[str, object], dict[str, object]]:
        index = json.loads((folder / "index.json").read_text())
        blobs = folder / "blobs" / "sha256"
        manifest = json.loads((blobs / index["manifests"][0]["digest"][7:]).read_text())
        return manifest, json.loads((blobs / manifest["config"]["digest"][7:]).read_text())

    return read


@pytest.fixture
def tar(tmp_path: Path) -> Callable[..., Path]:
    """A tar of some files."""

    def make(**files: str) -> Path:
        path = tmp_path / "some.tar"
        entries = {name.replace("__", "/"): File(text.encode()) for name, text in files.items()}
        path.write_bytes(in_memory("x", entries).content or b"")
        return path

    return make

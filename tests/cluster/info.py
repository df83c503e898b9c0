"""What tests need to know of the cluster: `.stillhouse/cluster.json` of the checkout, written by `make cluster`."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from pipelines.files import read_json, write_json
from tests.cluster.errors import ClusterError
from tests.cluster.layout import CHECKOUT

FILE = Path(".stillhouse") / "cluster.json"


@dataclass(frozen=True)
class Registry:
    """Where this machine pushes, and the name by which nodes and pods pull the same content."""

    push: str
    pull: str


@dataclass(frozen=True)
class Git:
    """The git server as pods reach it: anyone reads NAME.git, the user pushes; a first push makes the repository."""

    url: str
    user: str
    password: str


@dataclass(frozen=True)
class S3:
    """The S3 server as pods reach it, and its root account."""

    endpoint: str
    bucket: str
    access_key: str
    secret_key: str


@dataclass(frozen=True)
class Postgres:
    """The database as pods reach it, its password within the URL."""

    url: str


@dataclass(frozen=True)
class Argo:
    """Argo's images by digest."""

    controller: str
    executor: str


@dataclass(frozen=True)
class Terraform:
    """A folder for Terraform's `filesystem_mirror`, which holds the helm provider."""

    mirror: str


@dataclass(frozen=True)
class Info:
    """A cluster that tests can use: `kind` is built, kind or given; `tools` is an image with sh, bash, git and psql."""

    kind: str
    kubeconfig: str
    registry: Registry
    git: Git
    s3: S3
    postgres: Postgres
    argo: Argo
    terraform: Terraform
    tools: str
    kubectl: str = "kubectl"


_PARTS = {"registry": Registry, "git": Git, "s3": S3, "postgres": Postgres, "argo": Argo, "terraform": Terraform}


def load(root: Path = CHECKOUT) -> Info:
    """The cluster that this checkout uses. Raises ClusterError where there is none."""
    file = root / FILE
    found = read_json(file)
    if found is None:
        raise ClusterError(f"{file}: there is no test cluster for this checkout. Start one: make cluster")
    return parse(found, str(file))


def kind(root: Path = CHECKOUT) -> str | None:
    """The kind of the cluster that this checkout uses, if it uses one."""
    found = read_json(root / FILE)
    return str(found.get("kind")) if isinstance(found, dict) else None


def save(info: Info, root: Path = CHECKOUT) -> None:
    """Tell this checkout's tests of the cluster."""
    write_json(root / FILE, asdict(info))
    (root / FILE).chmod(0o600)


def forget(root: Path = CHECKOUT) -> None:
    """There is no cluster any more."""
    (root / FILE).unlink(missing_ok=True)


def parse(document: Any, where: str) -> Info:
    """The document as Info. Raises ClusterError that names every part that is missing or unknown."""
    problems = [] if isinstance(document, dict) and isinstance(document.get("tools"), str) else ["tools"]
    parts: dict[str, Any] = {}
    for name, part in _PARTS.items():
        given = document.get(name) if isinstance(document, dict) else None
        wanted = [field.name for field in fields(part)]
        given = given if isinstance(given, dict) else {}
        problems += [f"{name}.{key}" for key in wanted if not isinstance(given.get(key), str)]
        parts[name] = {key: given.get(key) for key in wanted}
    if problems:
        raise ClusterError(f"{where}: it lacks {', '.join(problems)}. Write them there, or remove it and: make cluster")
    return Info(
        kind=str(document.get("kind", "given")),
        kubeconfig=str(document.get("kubeconfig", "")),
        tools=str(document["tools"]),
        kubectl=str(document.get("kubectl", "kubectl")),
        **{name: part(**parts[name]) for name, part in _PARTS.items()},
    )

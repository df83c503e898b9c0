"""What a cluster needs beside itself: DNS, storage, metrics; and the services that the tests use."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from string import Template

from pipelines.files import read_json, write_json
from tests.cluster import binaries
from tests.cluster import layout as at
from tests.cluster.commands import Kubectl, wait_until
from tests.cluster.errors import ClusterError
from tests.cluster.info import S3, Argo, Git, Info, Postgres, Registry, Terraform
from tests.cluster.layout import Layout

NAMESPACE = "stillhouse-services"
BUCKET = "stillhouse-runs"
DEPLOYMENTS = (
    ("kube-system", "coredns"),
    ("kube-system", "local-path"),
    ("kube-system", "metrics-server"),
    (NAMESPACE, "git"),
    (NAMESPACE, "s3"),
    (NAMESPACE, "postgres"),
)


@dataclass(frozen=True)
class Credentials:
    """What opens the test services; made anew for each cluster."""

    git_user: str
    git_password: str
    s3_access_key: str
    s3_secret_key: str
    postgres_password: str


def credentials(layout: Layout) -> Credentials:
    """This cluster's credentials, made where there are none yet."""
    file = layout.run / "credentials.json"
    kept = read_json(file)
    if kept is None:
        random = [secrets.token_hex(12) for _ in range(4)]
        kept = vars(Credentials("stillhouse", random[0], f"AK{random[1]}", random[2], random[3]))
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch(mode=0o600)
        write_json(file, kept)
        file.chmod(0o600)
    return Credentials(**kept)


def apply(layout: Layout, kubectl: Kubectl, images: Mapping[str, str], names: Sequence[str], host: str) -> None:
    """Apply the manifests called so; they need not be ready yet. `host` is where pods reach the registry."""
    values = {
        **{name.replace("-", "_"): reference for name, reference in images.items()},
        **vars(credentials(layout)),
        "s3_bucket": BUCKET,
        "volumes": str(layout.volumes),
        "host": host,
    }
    kubectl.apply(manifest("namespace", values))
    wait_until("namespaces have their default service account", 30, lambda: _has_account(kubectl))
    kubectl.apply("---\n".join(manifest(name, values) for name in names))


def manifest(name: str, values: Mapping[str, str]) -> str:
    """The documents in manifests/NAME.yaml with the values in their places."""
    text = (at.PARTS / "manifests" / f"{name}.yaml").read_text(encoding="utf-8")
    return Template(text).substitute(values)


def wait(kubectl: Kubectl, deployments: Sequence[tuple[str, str]] = DEPLOYMENTS, seconds: int = 120) -> None:
    """Wait until each of them is rolled out."""
    for namespace, name in deployments:
        try:
            rollout = ("rollout", "status", f"deployment/{name}", f"--timeout={seconds}s")
            kubectl("--namespace", namespace, *rollout, seconds=seconds + 10)
        except ClusterError as error:
            seen = kubectl("--namespace", namespace, "get", "events", "--sort-by=.lastTimestamp", "--no-headers")
            last = "\n".join(f"    {line[:300]}" for line in seen.splitlines()[-6:])
            raise ClusterError(f"{namespace}/{name} does not become ready. {error}\n{last}") from None


def info(layout: Layout, kind: str, programs: Mapping[str, Path], images: Mapping[str, str]) -> Info:
    """What tests are told of a cluster that has all of it."""
    has = credentials(layout)
    services = f"{NAMESPACE}.svc"
    return Info(
        kind=kind,
        kubeconfig=str(layout.kubeconfig),
        registry=Registry(at.REGISTRY_PUSH, at.REGISTRY_PULL),
        git=Git(f"http://git.{services}", has.git_user, has.git_password),
        s3=S3(f"http://s3.{services}:7070", BUCKET, has.s3_access_key, has.s3_secret_key),
        postgres=Postgres(f"postgresql://stillhouse:{has.postgres_password}@postgres.{services}:5432/stillhouse"),
        argo=Argo(images["workflow-controller"], images["argoexec"]),
        terraform=Terraform(str(binaries.mirror(layout))),
        tools=images["services"],
        kubectl=str(programs["kubectl"]),
    )


def _has_account(kubectl: Kubectl) -> bool:
    try:
        for namespace in ("kube-system", NAMESPACE):
            kubectl("--namespace", namespace, "get", "serviceaccount", "default")
    except ClusterError:
        return False
    return True

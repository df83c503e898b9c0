"""The cluster that kind makes where Docker runs: the same two nodes, the same services, the same names."""

from __future__ import annotations

import json
import shutil

from tests.cluster import addons, binaries, node, support_images
from tests.cluster import layout as at
from tests.cluster.commands import Kubectl, Steps, run
from tests.cluster.errors import ClusterError
from tests.cluster.info import Info
from tests.cluster.layout import Layout

NAME = "stillhouse"
REGISTRY = "stillhouse-registry"
IMAGE = "registry:2"
NODES = {"cpu": f"{NAME}-worker", "gpu": f"{NAME}-worker2"}


def usable() -> bool:
    """Whether Docker runs here and kind is there."""
    if not (shutil.which("docker") and shutil.which("kind")):
        return False
    try:
        run("docker", "info", seconds=20)
    except ClusterError:
        return False
    return True


def up(layout: Layout, steps: Steps) -> Info:
    """Have kind's cluster running with all that the tests use."""
    programs = binaries.ensure(layout, steps)
    layout.run.mkdir(parents=True, exist_ok=True)
    _registry()
    if NAME not in run("kind", "get", "clusters").split():
        run("kind", "create", "cluster", "--name", NAME, "--config=-", stdin=json.dumps(config()), seconds=600)
    run("kind", "export", "kubeconfig", "--name", NAME, "--kubeconfig", layout.kubeconfig)
    steps.done("kind's cluster")
    address = _join()
    images = support_images.ensure(layout, programs, steps)
    kubectl = Kubectl(programs["kubectl"], layout.kubeconfig)
    node.wait_ready(kubectl)
    addons.apply(layout, kubectl, images, ("metrics", "services"), address)
    addons.wait(kubectl, [one for one in addons.DEPLOYMENTS if one[1] not in ("coredns", "local-path")])
    steps.done("metrics, git, S3, Postgres")
    return addons.info(layout, "kind", programs, images)


def down(layout: Layout) -> None:
    """Remove the cluster and its registry."""
    if (layout.run / "kind").exists() or NAME in run("kind", "get", "clusters").split():
        run("kind", "delete", "cluster", "--name", NAME, seconds=120)
        run("docker", "rm", "--force", "--volumes", REGISTRY)
    shutil.rmtree(layout.run, ignore_errors=True)


def config() -> dict[str, object]:
    """kind's configuration: a node a pool, and containerd told to look for registries' addresses in a folder."""
    registry = 'plugins."io.containerd.grpc.v1.cri".registry'
    workers = [_worker("cpu", []), _worker("gpu", [dict(taint) for taint in node.NODES[1].taints])]
    return {
        "kind": "Cluster",
        "apiVersion": "kind.x-k8s.io/v1alpha4",
        "nodes": [{"role": "control-plane"}, *workers],
        "containerdConfigPatches": [f'[{registry}]\n  config_path = "/etc/containerd/certs.d"'],
    }


def _worker(pool: str, taints: list[dict[str, str]]) -> dict[str, object]:
    patch = {"kind": "JoinConfiguration", "nodeRegistration": {"taints": taints}}
    return {"role": "worker", "labels": {"pool": pool}, "kubeadmConfigPatches": [json.dumps(patch)]}


def _registry() -> None:
    try:
        run("docker", "inspect", REGISTRY)
    except ClusterError:
        published = f"{at.REGISTRY_PUSH}:{at.REGISTRY_PORT}"
        run("docker", "run", "--detach", "--restart=always", "--publish", published, "--name", REGISTRY, IMAGE)


def _join() -> str:
    """Let the nodes pull by the registry's one name; returns its address on their network."""
    template = '{{(index .NetworkSettings.Networks "kind").IPAddress}}'
    try:
        run("docker", "network", "connect", "kind", REGISTRY)
    except ClusterError as error:
        if "already exists" not in str(error):
            raise
    address = run("docker", "inspect", "--format", template, REGISTRY).strip()
    hosts = f'[host."http://{address}:{at.REGISTRY_PORT}"]\n'
    folder = f"/etc/containerd/certs.d/{at.REGISTRY_PULL}"
    for name in NODES.values():
        run("docker", "exec", name, "mkdir", "-p", folder)
        run("docker", "exec", "--interactive", name, "cp", "/dev/stdin", f"{folder}/hosts.toml", stdin=hosts)
    return address

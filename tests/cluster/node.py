"""A node: containerd, a kubelet and kube-proxy, on this machine or in the network namespace that is the second one."""

from __future__ import annotations

import datetime
import json
import shutil
import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from string import Template
from typing import Any

from pipelines.files import write_json, write_text
from tests.cluster import cgroups, mounts, network, processes
from tests.cluster import layout as at
from tests.cluster.commands import Kubectl, wait_until
from tests.cluster.layout import Layout

GPU_RESOURCE = "nvidia.com/gpu"
GPUS = 2


@dataclass(frozen=True)
class Node:
    """A node: its name and pool, its address, its pods' subnet, its way to the registry, how a process enters it."""

    name: str
    address: str
    pods: str
    registry: str
    enter: tuple[str, ...] = ()
    taints: tuple[Mapping[str, str], ...] = ()

    def folder(self, layout: Layout) -> Path:
        """All that it writes."""
        return layout.run / self.name


NODES = (
    Node("cpu", at.HOST, "10.244.0", at.REGISTRY_PUSH),
    Node(
        "gpu",
        at.GPU_HOST,
        "10.244.1",
        f"{at.HOST}:{at.REGISTRY_PORT}",
        network.INSIDE,
        ({"key": GPU_RESOURCE, "value": "present", "effect": "NoSchedule"},),
    ),
)


def up(layout: Layout, pause: str) -> None:
    """Have both nodes' containerds answering."""
    _forget_dead_containers(layout)
    for node in NODES:
        folder = node.folder(layout)
        (folder / "cni").mkdir(parents=True, exist_ok=True)
        write_json(folder / "cni" / "10-pods.conflist", network_config(node, folder))
        write_text(folder / "containerd.toml", containerd_config(node, folder, pause))
        write_json(folder / "kubelet.yaml", kubelet_config(node, folder, layout))
        cgroups.make(f"{at.CGROUP}/{node.name}")
        containerd = [*node.enter, "containerd", "-c", str(folder / "containerd.toml")]
        processes.start(layout, f"{node.name}-containerd", containerd, folder / "containerd.toml")
    for node in NODES:
        folder = node.folder(layout)
        log = layout.logs / f"{node.name}-containerd.log"
        wait_until(f"{node.name}'s containerd answers", 30, partial(_answers, folder), remedy=f"Its log: {log}")


def keep_running(layout: Layout, programs: Mapping[str, Path]) -> dict[str, float]:
    """Have both kubelets and kube-proxies running; returns since when each node's kubelet does, by the clock.

    To be called again until the nodes are Ready: a kubelet ends where its containerd, just started, still reads what
    it has to keep, and none of the two tells when that is done.
    """
    for node in NODES:
        kubelet = [*node.enter, *_kubelet(node, layout, programs["kubelet"])]
        config = node.folder(layout) / "kubelet.yaml"
        processes.start(layout, f"{node.name}-kubelet", kubelet, config, layout.pki / "ca.crt")
        proxy = [*node.enter, *_proxy(node, layout, programs["kube-proxy"])]
        processes.start(layout, f"{node.name}-proxy", proxy, layout.pki / "ca.crt")
    found = {node.name: processes.find(layout, f"{node.name}-kubelet") for node in NODES}
    return {name: process.since for name, process in found.items() if process}


def wait_ready(kubectl: Kubectl, running: Callable[[], Mapping[str, float]] = dict, seconds: float = 90) -> None:
    """Wait until both nodes are Ready, and the GPU node advertises GPUs.

    What a node's last kubelet said does not count: `running` tells since when the present one does. It forgets the
    GPUs when it reports for the first time, so they are told again after that.
    """
    wait_until("both nodes are Ready", seconds, lambda: _all_ready(kubectl, running()), pause=0.3)
    patch = [{"op": "add", "path": f"/status/capacity/{GPU_RESOURCE.replace('/', '~1')}", "value": str(GPUS)}]
    kubectl(
        "patch",
        "node",
        _of_pool(kubectl, "gpu")[0],
        "--subresource=status",
        "--type=json",
        f"--patch={json.dumps(patch)}",
    )
    wait_until("the gpu node advertises its GPUs", 30, lambda: gpus(kubectl) == GPUS)


def ready(kubectl: Kubectl, started: Mapping[str, float]) -> dict[str, bool]:
    """Each node, and whether its kubelet has said since it was started that it is Ready."""
    return {
        item["metadata"]["name"]: any(
            each["type"] == "Ready"
            and each["status"] == "True"
            and _seconds(each["lastHeartbeatTime"]) >= int(started.get(item["metadata"]["name"], 0))
            for each in item["status"].get("conditions", ())
        )
        for item in kubectl.get("nodes")["items"]
    }


def gpus(kubectl: Kubectl) -> int:
    """How many GPUs pods can ask for on the GPU node."""
    name = _of_pool(kubectl, "gpu")[0]
    return int(kubectl.get("node", name)["status"].get("allocatable", {}).get(GPU_RESOURCE, 0))


def _forget_dead_containers(layout: Layout) -> None:
    """What containerd and runc keep of running containers, others keep where a restart of the machine empties it.

    So we empty it when neither a containerd nor a shim lives.
    """
    if any(process.name.startswith("containerd") for process in processes.marked(layout)):
        return
    for node in NODES:
        for name in ("containerd-state", "runc"):
            folder = node.folder(layout) / name
            if folder.exists():
                mounts.unmount(folder)
                shutil.rmtree(folder)


def _seconds(stamp: str) -> float:
    return datetime.datetime.fromisoformat(stamp).timestamp()


def _all_ready(kubectl: Kubectl, started: Mapping[str, float]) -> bool:
    return all(ready(kubectl, started).values()) and all(_of_pool(kubectl, node.name) for node in NODES)


def _of_pool(kubectl: Kubectl, pool: str) -> list[str]:
    """The names of the pool's nodes."""
    return [item["metadata"]["name"] for item in kubectl.get("nodes", f"--selector=pool={pool}")["items"]]


def network_config(node: Node, folder: Path) -> dict[str, Any]:
    """The CNI plugins' configuration: a bridge, addresses from the node's own subnet."""
    subnet = {"subnet": f"{node.pods}.0/24", "rangeStart": f"{node.pods}.10"}
    addresses = {
        "type": "host-local",
        "dataDir": str(folder / "addresses"),
        "ranges": [[subnet]],
        "routes": [{"dst": "0.0.0.0/0"}],
    }
    bridge = {"type": "bridge", "bridge": at.BRIDGE, "isGateway": True, "ipMasq": True, "hairpinMode": True}
    ports = {"type": "portmap", "capabilities": {"portMappings": True}}
    return {"cniVersion": "1.0.0", "name": "pods", "plugins": [{**bridge, "ipam": addresses}, ports]}


def containerd_config(node: Node, folder: Path, pause: str) -> str:
    """containerd's configuration: folders of its own, and the registry's one name."""
    text = (at.PARTS / "config" / "containerd.toml").read_text(encoding="utf-8")
    return Template(text).substitute(folder=folder, pause=pause, registry=at.REGISTRY_PULL, mirror=node.registry)


def kubelet_config(node: Node, folder: Path, layout: Layout) -> dict[str, Any]:
    """The kubelet's configuration. Two on one machine would delete each other's logs in a common folder."""
    config: dict[str, Any] = {
        "apiVersion": "kubelet.config.k8s.io/v1beta1",
        "kind": "KubeletConfiguration",
        "address": node.address,
        "authentication": {
            "anonymous": {"enabled": False},
            "webhook": {"enabled": True},
            "x509": {"clientCAFile": str(layout.pki / "ca.crt")},
        },
        "authorization": {"mode": "Webhook"},
        "cgroupDriver": "cgroupfs",
        "cgroupRoot": f"/{at.CGROUP}/{node.name}",
        "failCgroupV1": False,
        "podLogsDir": str(folder / "pod-logs"),
        "volumePluginDir": str(folder / "volume-plugins"),
        "clusterDNS": [at.DNS_SERVICE],
        "clusterDomain": "cluster.local",
        "containerRuntimeEndpoint": f"unix://{folder / 'containerd.sock'}",
        "failSwapOn": False,
        "maxPods": 250,
        "serializeImagePulls": False,
        "evictionHard": {"memory.available": "100Mi", "nodefs.available": "1%", "imagefs.available": "1%"},
        "imageGCHighThresholdPercent": 100,
        "imageGCLowThresholdPercent": 99,
        "registerWithTaints": [dict(taint) for taint in node.taints],
    }
    return config


def _kubelet(node: Node, layout: Layout, program: Path) -> list[str]:
    folder = node.folder(layout)
    flags = {
        "config": folder / "kubelet.yaml",
        "kubeconfig": layout.run / f"{node.name}.kubeconfig",
        "hostname-override": node.name,
        "node-ip": node.address,
        "root-dir": folder / "kubelet",
        "cert-dir": folder / "pki",
        "node-labels": f"pool={node.name}",
    }
    return [str(program), *(f"--{name}={value}" for name, value in flags.items())]


def _proxy(node: Node, layout: Layout, program: Path) -> list[str]:
    flags = {
        "kubeconfig": layout.run / "proxy.kubeconfig",
        "proxy-mode": "iptables",
        "cluster-cidr": at.PODS,
        "conntrack-max-per-core": 0,
        "hostname-override": node.name,
        "healthz-bind-address": "127.0.0.1:10256",
        "metrics-bind-address": "127.0.0.1:10249",
    }
    return [str(program), *(f"--{name}={value}" for name, value in flags.items())]


def _answers(folder: Path) -> bool:
    try:
        with socket.socket(socket.AF_UNIX) as probe:
            probe.connect(str(folder / "containerd.sock"))
    except OSError:
        return False
    return True

"""Where things are: the cluster's folders on this machine, and the addresses it uses.

There is one built cluster a machine: its links, routes and ports are the machine's. So is its folder.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]
PARTS = Path(__file__).resolve().parent

BRIDGE = "stillhouse0"
NETNS = "stillhouse-gpu"
VETH = "stillhouse-gpu"
CGROUP = "stillhouse"
# Every process of the cluster carries this variable, and so do those that they start: nothing of it is ever lost.
MARK = "STILLHOUSE_CLUSTER"

HOST = "10.244.0.1"  # the first node's bridge: the address of this machine that every pod reaches
GPU_GATEWAY = "10.245.0.1"
GPU_HOST = "10.245.0.2"
PODS = "10.244.0.0/16"
SERVICES = "10.96.0.0/16"
API_SERVICE = "10.96.0.1"
DNS_SERVICE = "10.96.0.10"
API_PORT = 6443
ETCD_PORT = 2379
ETCD_PEER_PORT = 2380
REGISTRY_PORT = 5000
REGISTRY_PUSH = f"127.0.0.1:{REGISTRY_PORT}"
REGISTRY_PULL = f"registry.stillhouse-services.svc:{REGISTRY_PORT}"


@dataclass(frozen=True)
class Layout:
    """The cluster's folders. `cache` outlives the cluster, `run` goes with it."""

    cache: Path

    @property
    def run(self) -> Path:
        """All that a running cluster writes."""
        return self.cache / "run"

    @property
    def pki(self) -> Path:
        """Keys and certificates."""
        return self.run / "pki"

    @property
    def logs(self) -> Path:
        """A log a process."""
        return self.run / "log"

    @property
    def volumes(self) -> Path:
        """What the default StorageClass hands out."""
        return self.run / "volumes"

    @property
    def kubeconfig(self) -> Path:
        """The administrator's way in."""
        return self.run / "admin.kubeconfig"

    @property
    def registry(self) -> Path:
        """The registry's content: kept, so that images that are here need not be pushed again."""
        return self.cache / "registry"


def default() -> Layout:
    """This machine's layout: below the cache of the person who runs it, or $STILLHOUSE_CACHE."""
    cache = os.environ.get("STILLHOUSE_CACHE") or Path.home() / ".cache" / "stillhouse"
    return Layout(Path(cache) / "cluster")

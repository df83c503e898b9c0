"""The cluster of $KUBECONFIG: used as it is, never changed. A file says where its services are."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

from tests.cluster import info
from tests.cluster.commands import Kubectl
from tests.cluster.errors import ClusterError
from tests.cluster.info import Info
from tests.cluster.layout import Layout

SERVICES = "STILLHOUSE_CLUSTER_SERVICES"


def kubeconfig(layout: Layout) -> Path | None:
    """The file that $KUBECONFIG names, unless it is that of the cluster that we build ourselves."""
    named = os.environ.get("KUBECONFIG", "").split(os.pathsep)[0]
    return Path(named) if named and Path(named) != layout.kubeconfig else None


def kubectl(kubeconfig: Path) -> Kubectl:
    """This machine's kubectl for it."""
    return Kubectl(shutil.which("kubectl") or "kubectl", kubeconfig)


def reachable(client: Kubectl) -> bool:
    """Whether its API server answers us."""
    try:
        return client("get", "--raw=/readyz", seconds=10).startswith("ok")
    except ClusterError:
        return False


def use(kubeconfig: Path) -> Info:
    """What there is to know of it. Raises ClusterError that names what is missing."""
    client = kubectl(kubeconfig)
    file = os.environ.get(SERVICES)
    if not file:
        raise ClusterError(
            f"the cluster of {kubeconfig} answers, and nothing says where its services are. Set {SERVICES} to "
            "a JSON file with registry, git, s3, postgres, argo, terraform and tools, as tests/cluster/README.md shows"
        )
    try:
        services = json.loads(Path(file).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ClusterError(f"{file}, which {SERVICES} names, can't be read as JSON: {error}") from None
    told = {**services, "kind": "given", "kubeconfig": str(kubeconfig), "kubectl": str(client.program)}
    pools = {node["metadata"].get("labels", {}).get("pool") for node in client.get("nodes")["items"]}
    if lacking := {"cpu", "gpu"} - pools:
        raise ClusterError(
            f"the cluster of {kubeconfig} has no node labelled pool={' and none pool='.join(sorted(lacking))}. "
            f"Label one: kubectl label node NAME pool={min(lacking)}"
        )
    return info.parse(told, file)

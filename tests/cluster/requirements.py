"""What the machine must have before a cluster is built on it; what is missing comes with its mend."""

from __future__ import annotations

import os
import re
import shutil
import time
from pathlib import Path

from pipelines.bootstrap import port
from tests.cluster import layout as at
from tests.cluster import processes
from tests.cluster.commands import Steps, run
from tests.cluster.errors import ClusterError
from tests.cluster.layout import Layout

# Debian's package → a file of it
PACKAGES = {
    "containerd": "/usr/bin/containerd",
    "runc": "/usr/sbin/runc",
    "containernetworking-plugins": "/usr/lib/cni/bridge",
    "docker-registry": "/usr/bin/docker-registry",
    "buildah": "/usr/bin/buildah",
    "skopeo": "/usr/bin/skopeo",
    "mmdebstrap": "/usr/bin/mmdebstrap",
    "iptables": "/usr/sbin/iptables",
    "conntrack": "/usr/sbin/conntrack",
    "busybox-static": "/bin/busybox",
    "iproute2": "/sbin/ip",
}
OLDEST_GO = (1, 21)  # from here on Go fetches the version that a module asks for
DISK_GB = 15
PATIENCE = 10.0  # seconds
PORTS = (at.API_PORT, at.ETCD_PORT, at.ETCD_PEER_PORT, at.REGISTRY_PORT)


def problems() -> list[str]:
    """Why no cluster can be built here, a line each; packages that root can install are no problem."""
    found = []
    if os.uname().sysname != "Linux":
        return [f"a cluster is built on Linux only, and this is {os.uname().sysname}: set KUBECONFIG, or install kind"]
    if os.geteuid():
        found.append("root is needed for links, mounts and control groups: sudo make cluster")
    if lacking := missing_packages():
        if os.geteuid():
            found.append(f"packages are missing: sudo apt-get install {' '.join(lacking)}")
        elif not shutil.which("apt-get"):
            found.append(f"there is no apt-get to install {', '.join(lacking)}: take Debian 12, or set KUBECONFIG")
    return found


def build_problems(layout: Layout, version: str | None) -> list[str]:
    """Why the programs can't be built, a line each; `version` is what `go version` says, None without Go."""
    found = []
    number = re.search(r"go(\d+)\.(\d+)", version or "")
    if not number or (int(number[1]), int(number[2])) < OLDEST_GO:
        have = f"Go is too old ({number[0]})" if number else "Go is missing"
        found.append(f"{have}: sudo apt-get install -t bookworm-backports golang-go (1.21 or newer)")
    layout.cache.mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(layout.cache).free / 1e9
    if free < DISK_GB:
        found.append(f"{DISK_GB} GB of disk are needed below {layout.cache}, and {free:.0f} are free: free some")
    return found


def kind_problems() -> list[str]:
    """Why the services' image can't be made for kind's cluster, a line or none; what runs them, Docker has."""
    lacking = [package for package in missing_packages() if package in ("mmdebstrap", "busybox-static")]
    return [f"packages are missing: sudo apt-get install {' '.join(lacking)}"] if lacking else []


def check(layout: Layout, *, builds: bool, kind: bool = False) -> None:
    """Raise with everything that is missing, before anything is done."""
    found = kind_problems() if kind else problems()
    if builds:
        found += build_problems(layout, _go_version())
    if found:
        raise ClusterError("no cluster can be built here:\n" + "\n".join(f"  - {line}" for line in found))


def check_ports(layout: Layout) -> None:
    """Raise where something else listens on a port that the cluster needs, and goes on to do so.

    Whoever was killed a moment ago may still have his.
    """
    deadline = time.monotonic() + PATIENCE
    while taken := _taken(layout):
        if time.monotonic() > deadline:
            number, pid = taken
            who = f"process {pid} ({port.command_of(pid)[:80]}). End it: kill {pid}" if pid else "another process"
            raise ClusterError(f"port {number}, which the cluster needs, is in use by {who}")
        time.sleep(0.1)


def _taken(layout: Layout) -> tuple[int, int | None] | None:
    """A port that a stranger has, and the stranger where we may know."""
    ours = {process.pid for process in processes.recorded(layout)}
    for number in PORTS:
        if port.refusal(number) is not None and (pid := port.holder(number)) not in ours:
            return number, pid
    return None


def missing_packages() -> list[str]:
    """The Debian packages that are not installed."""
    return [package for package, file in PACKAGES.items() if not Path(file).exists()]


def install(steps: Steps) -> None:
    """Install the packages that are missing."""
    lacking = missing_packages()
    if not lacking:
        return
    quiet = {"DEBIAN_FRONTEND": "noninteractive"}
    run("apt-get", "update", "-qq", env=quiet, seconds=600)
    run("apt-get", "install", "-qq", "-y", "--no-install-recommends", *lacking, env=quiet, seconds=1200)
    steps.done("packages installed", " ".join(lacking))


def _go_version() -> str | None:
    try:
        return run("go", "version")
    except ClusterError:
        return None

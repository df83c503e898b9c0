"""The cluster that is built here: brought up from whatever state it is in, and removed without a trace."""

from __future__ import annotations

import time
from collections.abc import Collection
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from pathlib import Path

from tests.cluster import (
    addons,
    binaries,
    cgroups,
    control_plane,
    holder,
    mounts,
    network,
    node,
    pki,
    processes,
    registry,
    requirements,
    support_images,
)
from tests.cluster import layout as at
from tests.cluster.commands import Kubectl, Steps, run
from tests.cluster.errors import ClusterError
from tests.cluster.info import Info
from tests.cluster.layout import Layout
from tests.cluster.processes import Process

LOG_LINKS = Path("/var/log/containers")  # the kubelet writes there, whatever its configuration says
ADDONS = ("dns", "storage", "metrics", "services")
SHIM_SOCKETS = Path("/run/containerd/s")


def up(layout: Layout, checkout: Path, steps: Steps) -> Info:
    """Have the cluster running and ready; what runs already goes on running."""
    requirements.check(layout, builds=bool(binaries.missing(layout)))
    holder.refuse(layout, checkout)
    if why := holder.stale(layout, checkout):
        steps.say(f"  {why}: clearing it away")
        remove(layout)
    requirements.install(steps)
    programs = binaries.ensure(layout, steps)
    _end_strays(layout)
    requirements.check_ports(layout)
    layout.run.mkdir(parents=True, exist_ok=True)
    holder.hold(layout, checkout)
    pki.ensure(layout)
    network.up(layout)
    registry.up(layout)
    steps.done("network, registry")
    images = support_images.ensure(layout, programs, steps)
    steps.done("support images")
    control_plane.up(layout, programs)
    steps.done("control plane")
    node.up(layout, images["busybox"])
    kubectl = Kubectl(programs["kubectl"], layout.kubeconfig)
    addons.apply(layout, kubectl, images, ADDONS, at.HOST)
    node.wait_ready(kubectl, partial(node.keep_running, layout, programs))
    steps.done("nodes", "cpu, gpu")
    addons.wait(kubectl)
    _check_running(layout)
    steps.done("DNS, storage, metrics, git, S3, Postgres")
    return addons.info(layout, "built", programs, images)


def _check_running(layout: Layout) -> None:
    """Raise where a process that was started has ended meanwhile."""
    for record in sorted((layout.run / "processes").glob("*.json")):
        if not processes.find(layout, record.stem):
            raise ClusterError(f"{record.stem} ended, saying:\n{processes.log_tail(layout, record.stem)}")


def down(layout: Layout, checkout: Path, steps: Steps) -> None:
    """Remove the cluster, unless another checkout holds it."""
    holder.refuse(layout, checkout)
    remove(layout)
    steps.done("the cluster is gone")


def remove(layout: Layout) -> None:
    """Remove every trace: processes, pods, mounts, links, rules, control groups, files. What is cached stays."""
    if layout.run.exists() or processes.marked(layout):
        halt(layout)
        _remove_files(layout.run)


def _remove_files(folder: Path) -> None:
    """Remove `folder`: both nodes' at once, for each holds the files of all images that ran there."""
    with ThreadPoolExecutor() as pool:
        list(pool.map(lambda path: run("rm", "-rf", path), folder.iterdir()))
    folder.rmdir()


def halt(layout: Layout) -> None:
    """Leave nothing but the files below `run`: as the machine is when it was switched off, and on again."""
    _end_all(layout)
    _remove_sockets(layout)
    mounts.unmount(layout.run)
    network.down(layout)
    cgroups.remove(at.CGROUP)
    _remove_log_links(layout)
    if left := mounts.below(layout.run):
        raise ClusterError(f"{left[0]}: still mounted, so nothing is removed below it. Again: make cluster-down")


def _end_all(layout: Layout) -> None:
    """End every process of the cluster and of its pods; nothing that they could save is kept."""
    deadline = time.monotonic() + 10
    while pids := {process.pid for process in processes.marked(layout)} | cgroups.members(at.CGROUP):
        processes.kill(pids)
        _check(pids, deadline)


def _end_strays(layout: Layout) -> None:
    """End processes that carry the cluster's mark and are not on record: their start was cut short.

    The shims stay, which keep the pods alive while containerd is not.
    """
    known = {process.pid for process in processes.recorded(layout)}
    deadline = time.monotonic() + 10
    while pids := {each.pid for each in processes.marked(layout) if not _belongs(each, known)}:
        processes.kill(pids)
        _check(pids, deadline)


def _belongs(process: Process, known: set[int]) -> bool:
    return process.pid in known or process.name.startswith("containerd-shim")


def _check(pids: Collection[int], deadline: float) -> None:
    time.sleep(0.05)
    if time.monotonic() > deadline:
        raise ClusterError(f"processes {sorted(pids)} can't be ended, not even by kill -9. Restart the machine")


def _remove_sockets(layout: Layout) -> None:
    """The shims' sockets lie in a folder of the machine; each shim's own folder says which is its."""
    for address in layout.run.glob("*/containerd-state/io.containerd.runtime.v2.task/*/*/address"):
        with suppress(OSError):
            Path(address.read_text().strip().removeprefix("unix://")).unlink(missing_ok=True)
    for folder in (SHIM_SOCKETS, SHIM_SOCKETS.parent):
        with suppress(OSError):
            folder.rmdir()


def _remove_log_links(layout: Layout) -> None:
    if LOG_LINKS.is_dir():
        for link in LOG_LINKS.iterdir():
            if link.is_symlink() and link.readlink().is_relative_to(layout.run):
                link.unlink()
        with suppress(OSError):
            LOG_LINKS.rmdir()

"""The network: a bridge for the first node's pods, and a network namespace that is the second node."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from pipelines.files import read_json, write_json
from tests.cluster import layout as at
from tests.cluster.commands import run
from tests.cluster.errors import ClusterError
from tests.cluster.layout import Layout

NAMESPACE = Path("/run/netns") / at.NETNS
INSIDE = ("nsenter", f"--net={NAMESPACE}")  # not `ip netns exec`, which hides /sys/fs/cgroup
_FORWARD = Path("/proc/sys/net/ipv4/ip_forward")
OURS = ("KUBE-", "CNI-")  # the chains that kube-proxy, the kubelet and the CNI plugins make


def up(layout: Layout) -> None:
    """Have bridge, namespace, links and routes there; what is there stays as it is."""
    before = layout.run / "ip_forward.json"
    if not before.exists():
        write_json(before, _FORWARD.read_text().strip())
    _FORWARD.write_text("1")
    _bridge("10.244.0.1/24", ())
    # A Service whose rules are not there yet is to be out of reach, and no question to whoever routes for this machine.
    run("ip", "route", "replace", at.SERVICES, "dev", at.BRIDGE)
    if not _is_whole():
        _remove_namespace()
        run("ip", "netns", "add", at.NETNS)
        run("ip", "link", "add", at.VETH, "type", "veth", "peer", "name", "eth0", "netns", at.NETNS)
        run("ip", "addr", "add", f"{at.GPU_GATEWAY}/24", "dev", at.VETH)
        run("ip", "link", "set", at.VETH, "up")
        inside = (
            ("ip", "link", "set", "lo", "up"),
            ("ip", "addr", "add", f"{at.GPU_HOST}/24", "dev", "eth0"),
            ("ip", "link", "set", "eth0", "up"),
            ("ip", "route", "add", "default", "via", at.GPU_GATEWAY),
            ("sysctl", "-qw", "net.ipv4.ip_forward=1"),
        )
        for command in inside:
            run(*INSIDE, *command)
    _bridge("10.244.1.1/24", INSIDE)
    run("ip", "route", "replace", "10.244.1.0/24", "via", at.GPU_HOST)


def down(layout: Layout) -> None:
    """Remove all of it: links, routes, the namespace, and the rules that the cluster added."""
    _remove_namespace()
    for link in _ports():
        with suppress(ClusterError):
            run("ip", "link", "delete", link)
    with suppress(ClusterError):
        run("ip", "link", "delete", at.BRIDGE)
    for family in ("iptables", "ip6tables"):
        _remove_rules(family)
    before = read_json(layout.run / "ip_forward.json")
    if before is not None:
        _FORWARD.write_text(str(before))


def without_ours(saved: str) -> str:
    """What `iptables-save` printed, less the cluster's chains and every rule that names one."""
    return "".join(f"{line}\n" for line in saved.splitlines() if not any(prefix in line for prefix in OURS))


def _bridge(address: str, inside: tuple[str, ...]) -> None:
    try:
        run(*inside, "ip", "link", "show", at.BRIDGE)
    except ClusterError:
        run(*inside, "ip", "link", "add", at.BRIDGE, "type", "bridge")
    run(*inside, "ip", "addr", "replace", address, "dev", at.BRIDGE)
    run(*inside, "ip", "link", "set", at.BRIDGE, "up")


def _is_whole() -> bool:
    """Whether the namespace is there and has its way out: the route is the last thing it is given."""
    try:
        routes = run(*INSIDE, "ip", "route", "show", "default")
        return at.GPU_GATEWAY in routes and bool(run("ip", "link", "show", at.VETH))
    except ClusterError:
        return False


def _remove_namespace() -> None:
    with suppress(ClusterError):
        run("ip", "link", "delete", at.VETH)
    if NAMESPACE.exists():
        with suppress(ClusterError):
            run("umount", NAMESPACE)
        NAMESPACE.unlink(missing_ok=True)
    with suppress(ClusterError, OSError):  # `ip netns add` mounts the folder upon itself; others may use it
        if not any(NAMESPACE.parent.iterdir()):
            run("umount", NAMESPACE.parent)
            NAMESPACE.parent.rmdir()


def _ports() -> list[str]:
    """The links on the bridge, one a pod."""
    folder = Path("/sys/class/net") / at.BRIDGE / "brif"
    return [path.name for path in folder.glob("*")]


def _remove_rules(family: str) -> None:
    saved = run(f"{family}-save")
    if any(prefix in saved for prefix in OURS):
        run(f"{family}-restore", stdin=without_ours(saved))

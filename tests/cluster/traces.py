"""What a cluster could leave on the machine, to be compared before and after."""

from __future__ import annotations

from pathlib import Path

from tests.cluster import cgroups
from tests.cluster.commands import run
from tests.cluster.network import OURS

_PROGRAMS = ("kube", "etcd", "containerd", "docker-registry", "pause", "coredns")


def seen() -> dict[str, list[str]]:
    """Links, routes, mounts, network namespaces, rules, control groups, sockets, log links and processes."""
    return {
        "ip link": sorted(line.split(":")[1].strip() for line in run("ip", "-o", "link").splitlines()),
        "ip route": sorted(run("ip", "route").splitlines()),
        "mount": sorted(line.split()[4] for line in Path("/proc/self/mountinfo").read_text().splitlines()),
        "network namespaces": _names("/run/netns"),
        "rules": sorted(line for line in run("iptables-save").splitlines() if any(ours in line for ours in OURS)),
        "control groups": sorted(str(path) for root in cgroups.hierarchies() for path in root.glob("*/")),
        "shims' sockets": _names("/run/containerd/s"),
        "log links": _names("/var/log/containers"),
        "processes": sorted(_commands()),
        "ip_forward": [Path("/proc/sys/net/ipv4/ip_forward").read_text().strip()],
    }


def new(before: dict[str, list[str]], after: dict[str, list[str]]) -> list[str]:
    """What is there now and was not before, or the other way round, a line each."""
    lines = []
    for kind, was in before.items():
        lines += [f"{kind}: + {one}" for one in after[kind] if one not in was]
        lines += [f"{kind}: - {one}" for one in was if one not in after[kind]]
    return lines


def _names(folder: str) -> list[str]:
    return sorted(path.name for path in Path(folder).iterdir()) if Path(folder).is_dir() else []


def _commands() -> list[str]:
    """The machine's processes that are of a kind that the cluster starts; dead ones are their parents' affair."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            name, _, rest = (folder / "stat").read_text().partition("(")[2].rpartition(")")
        except OSError:
            continue
        if name.startswith(_PROGRAMS) and rest.split()[0] != "Z":
            found.append(f"{folder.name} {name}")
    return found

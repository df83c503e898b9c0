"""The first node's side that decides: etcd, the API server, the controllers, the scheduler."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from tests.cluster import layout as at
from tests.cluster import processes
from tests.cluster.commands import Kubectl, wait_until
from tests.cluster.errors import ClusterError
from tests.cluster.layout import Layout

ETCD = f"http://127.0.0.1:{at.ETCD_PORT}"


def up(layout: Layout, programs: Mapping[str, Path]) -> None:
    """Have all of it running and the API server ready."""
    processes.start(layout, "etcd", etcd(layout, programs["etcd"]))
    processes.start(layout, "apiserver", apiserver(layout, programs["kube-apiserver"]), layout.pki / "ca.crt")
    api = Kubectl(programs["kubectl"], layout.kubeconfig)
    wait_until("the API server is ready", 90, lambda: _answers(layout, api), remedy=_logs(layout))
    controller = controller_manager(layout, programs["kube-controller-manager"])
    processes.start(layout, "controller-manager", controller, layout.pki / "ca.crt")
    processes.start(layout, "scheduler", scheduler(layout, programs["kube-scheduler"]), layout.pki / "ca.crt")


def etcd(layout: Layout, program: Path) -> list[str]:
    """Its data outlives a kill -9, for what is written is in the kernel's hands; it need not outlive a power cut."""
    peer = f"http://127.0.0.1:{at.ETCD_PEER_PORT}"
    flags = {
        "data-dir": layout.run / "etcd",
        "listen-client-urls": ETCD,
        "advertise-client-urls": ETCD,
        "listen-peer-urls": peer,
        "initial-advertise-peer-urls": peer,
        "initial-cluster": f"default={peer}",
        "log-level": "warn",
    }
    return [*_command(program, flags), "--unsafe-no-fsync"]


def apiserver(layout: Layout, program: Path) -> list[str]:
    """Pod Security admission is on by itself. The front proxy's flags are what metrics-server is reached by."""
    pki = layout.pki
    flags = {
        "etcd-servers": ETCD,
        "secure-port": at.API_PORT,
        "bind-address": "0.0.0.0",
        "advertise-address": at.HOST,
        "tls-cert-file": pki / "apiserver.crt",
        "tls-private-key-file": pki / "apiserver.key",
        "client-ca-file": pki / "ca.crt",
        "kubelet-client-certificate": pki / "kubelet-client.crt",
        "kubelet-client-key": pki / "kubelet-client.key",
        "kubelet-preferred-address-types": "InternalIP",
        "service-account-key-file": pki / "service-accounts.pub",
        "service-account-signing-key-file": pki / "service-accounts.key",
        "service-account-issuer": "https://kubernetes.default.svc",
        "service-cluster-ip-range": at.SERVICES,
        "authorization-mode": "Node,RBAC",
        "enable-admission-plugins": "NodeRestriction",
        "allow-privileged": "true",
        "requestheader-client-ca-file": pki / "front-ca.crt",
        "requestheader-allowed-names": "front-proxy-client",
        "requestheader-extra-headers-prefix": "X-Remote-Extra-",
        "requestheader-group-headers": "X-Remote-Group",
        "requestheader-username-headers": "X-Remote-User",
        "proxy-client-cert-file": pki / "front-client.crt",
        "proxy-client-key-file": pki / "front-client.key",
        "enable-aggregator-routing": "true",
    }
    return _command(program, flags)


def controller_manager(layout: Layout, program: Path) -> list[str]:
    """One alone, so it needs no election."""
    flags = {
        "kubeconfig": layout.run / "controller-manager.kubeconfig",
        "root-ca-file": layout.pki / "ca.crt",
        "service-account-private-key-file": layout.pki / "service-accounts.key",
        "use-service-account-credentials": "true",
        "leader-elect": "false",
        "node-monitor-grace-period": "20s",
        "bind-address": "127.0.0.1",
    }
    return _command(program, flags)


def scheduler(layout: Layout, program: Path) -> list[str]:
    """One alone, so it needs no election."""
    flags = {"kubeconfig": layout.run / "scheduler.kubeconfig", "leader-elect": "false", "bind-address": "127.0.0.1"}
    return _command(program, flags)


def _command(program: Path, flags: Mapping[str, object]) -> list[str]:
    return [str(program), *(f"--{name}={value}" for name, value in flags.items())]


def _answers(layout: Layout, api: Kubectl) -> bool:
    for name in ("etcd", "apiserver"):
        if not processes.find(layout, name):
            raise ClusterError(f"{name} ended, saying:\n{processes.log_tail(layout, name)}")
    try:
        return api("get", "--raw=/readyz", seconds=10).startswith("ok")
    except ClusterError:
        return False


def _logs(layout: Layout) -> str:
    return f"Its log: {layout.logs / 'apiserver.log'}"

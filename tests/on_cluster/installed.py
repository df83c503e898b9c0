"""Install the charts on the test cluster under names of their own, and remove every trace."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.cluster.handle import Cluster

ROOT = Path(__file__).resolve().parents[2]
HELM = str(Path(sys.executable).with_name("helm"))


@dataclass(frozen=True)
class Installed:
    """A release of helm/stillhouse, in a namespace of its own name."""

    cluster: Cluster
    name: str
    values: dict[str, Any]

    def helm(self, *arguments: str) -> str:
        """What helm says, with this release's values on its standard input."""
        environment = {**os.environ, "KUBECONFIG": self.cluster.info.kubeconfig}
        text = json.dumps(self.values)
        done = subprocess.run([HELM, *arguments], input=text, env=environment, capture_output=True, text=True, cwd=ROOT)
        assert done.returncode == 0, f"helm {' '.join(arguments)}: {done.stderr}"
        return done.stdout

    def install(self) -> None:
        """Install or upgrade the platform; what comes up then is up to the caller to wait for."""
        self.helm("upgrade", "--install", self.name, "helm/stillhouse", "--namespace", self.name, "--values", "-")

    def objects(self, kind: str, namespace: str, labels: dict[str, str]) -> list[dict[str, Any]]:
        """The objects of a kind with these labels, with all they hold."""
        selector = ",".join(f"{name}={value}" for name, value in labels.items())
        found = self.cluster.kubectl.get(kind, "--namespace", namespace, "--selector", selector)
        items: list[dict[str, Any]] = found["items"]
        return items

    def secret(self, name: str) -> dict[str, str]:
        """What is in a Secret of the platform's namespace."""
        found = self.cluster.kubectl.get("secret", name, "--namespace", self.name)
        return {key: base64.b64decode(value).decode() for key, value in found["data"].items()}

    @property
    def users(self) -> str:
        """The namespace of the user servers."""
        return namespaces_of(self.name)["users"]

    def server_pods(self, user: str) -> list[dict[str, Any]]:
        """The pod of a user's server, or none."""
        labels = {"app.kubernetes.io/component": "user-server", "hub.jupyter.org/username": user}
        return self.objects("pods", self.users, labels)


def namespaces_of(name: str) -> dict[str, str]:
    """The names of an installation's four namespaces."""
    return {"hub": name, "users": f"{name}-users", "runs": f"{name}-runs", "models": f"{name}-models"}


@contextmanager
def namespaces(cluster: Cluster, name: str) -> Iterator[None]:
    """helm/namespaces under names that begin with `name`, removed with all that is in them."""
    chart = Installed(cluster, name, {"namespaces": namespaces_of(name), "keep": False})
    release = f"{name}-namespaces"
    chart.helm("upgrade", "--install", release, "helm/namespaces", "--namespace", "default", "--values", "-")
    try:
        yield
    finally:
        chart.helm("uninstall", release, "--namespace", "default", "--wait", "--timeout", "2m")

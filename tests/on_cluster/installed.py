"""Install the charts on the test cluster under names of their own, and remove every trace."""

from __future__ import annotations

import base64
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.cluster.info import Info

ROOT = Path(__file__).resolve().parents[2]
HELM = str(Path(sys.executable).with_name("helm"))


@dataclass(frozen=True)
class Installed:
    """A release of helm/stillhouse, in a namespace of its own name."""

    info: Info
    name: str
    values: dict[str, Any]

    def kubectl(self, *arguments: str, check: bool = True) -> str:
        """What kubectl says. Raises AssertionError with its own words when it fails."""
        command = [self.info.kubectl, "--kubeconfig", self.info.kubeconfig, *arguments]
        done = subprocess.run(command, capture_output=True, text=True)
        assert done.returncode == 0 or not check, f"kubectl {' '.join(arguments)}: {done.stderr}"
        return done.stdout

    def objects(self, kind: str, namespace: str, **labels: str) -> list[dict[str, Any]]:
        """The objects of a kind, with all they hold."""
        selector = ",".join(f"{name.replace('__', '/')}={value}" for name, value in labels.items())
        found = self.kubectl("--namespace", namespace, "get", kind, "--selector", selector, "--output", "json")
        items: list[dict[str, Any]] = json.loads(found)["items"]
        return items

    def helm(self, *arguments: str) -> str:
        """What helm says, with this release's values on its standard input."""
        environment = {**os.environ, "KUBECONFIG": self.info.kubeconfig}
        command = [HELM, *arguments]
        text = json.dumps(self.values)
        done = subprocess.run(command, input=text, env=environment, capture_output=True, text=True, cwd=ROOT)
        assert done.returncode == 0, f"helm {' '.join(arguments)}: {done.stderr}"
        return done.stdout

    def install(self) -> None:
        """Install or upgrade the platform; what helm waits for is up to the caller."""
        self.helm("upgrade", "--install", self.name, "helm/stillhouse", "--namespace", self.name, "--values", "-")

    def secret(self, name: str) -> dict[str, str]:
        """What is in a Secret of the platform's namespace."""
        found = json.loads(self.kubectl("--namespace", self.name, "get", "secret", name, "--output", "json"))
        return {key: base64.b64decode(value).decode() for key, value in found["data"].items()}

    @property
    def users(self) -> str:
        """The namespace of the user servers."""
        return f"{self.name}-users"

    def server_pod(self, user: str) -> dict[str, Any]:
        """The pod of a user's server."""
        labels = {"app.kubernetes.io__component": "user-server", "hub.jupyter.org__username": user}
        (pod,) = self.objects("pods", self.users, **labels)
        return pod

    @contextmanager
    def forwarded(self, service: str) -> Iterator[str]:
        """The address of a service on this machine, as `kubectl port-forward` gives it to a person."""
        command = [self.info.kubectl, "--kubeconfig", self.info.kubeconfig, "--namespace", self.name]
        command += ["port-forward", f"service/{service}", ":80"]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        try:
            assert process.stdout
            found = re.search(r"127\.0\.0\.1:(\d+)", process.stdout.readline())
            assert found, process.stderr.read() if process.stderr else ""
            yield f"http://127.0.0.1:{found[1]}"
        finally:
            process.terminate()
            process.communicate()


def namespaces_of(name: str) -> dict[str, str]:
    """The names of an installation's four namespaces."""
    return {"hub": name, "users": f"{name}-users", "runs": f"{name}-runs", "models": f"{name}-models"}


@contextmanager
def namespaces(info: Info, name: str) -> Iterator[None]:
    """helm/namespaces under names that begin with `name`, removed with all that is in them."""
    chart = Installed(info, name, {"namespaces": namespaces_of(name), "keep": False})
    release = f"{name}-namespaces"
    chart.helm("upgrade", "--install", release, "helm/namespaces", "--namespace", "default", "--values", "-")
    try:
        yield
    finally:
        chart.helm("uninstall", release, "--namespace", "default", "--wait", "--timeout", "2m")


def wait_until(met: Any, what: str, seconds: float = 60) -> None:
    """Wait until a condition holds."""
    until = time.monotonic() + seconds
    while not met():
        assert time.monotonic() < until, f"{what} did not come within {seconds:.0f} s"
        time.sleep(0.1)

"""Reach a service of the cluster from this machine, whichever kind of cluster it is: by kubectl's port forwarding."""

from __future__ import annotations

import os
import re
import subprocess
import tempfile
import time
from contextlib import ExitStack
from types import TracebackType
from urllib.parse import urlsplit, urlunsplit

from tests.cluster.commands import Kubectl
from tests.cluster.errors import ClusterError

_SECONDS = 15
_FORWARDING = re.compile(rb"Forwarding from 127\.0\.0\.1:(\d+)")
_PORTS = {"http": 80, "https": 443, "postgresql": 5432}


class Reach:
    """Addresses on 127.0.0.1 for addresses inside the cluster; each is forwarded once, until `with` ends."""

    def __init__(self, kubectl: Kubectl) -> None:
        self._kubectl = kubectl
        self._forwards = ExitStack()
        self._known: dict[tuple[str, str, int], tuple[subprocess.Popen[bytes], int]] = {}

    def __enter__(self) -> Reach:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._forwards.close()

    def url(self, inside: str) -> str:
        """`http://NAME.NAMESPACE.svc[:PORT]/…` as this machine reaches it."""
        parts = urlsplit(inside)
        name, namespace, *_ = [*(parts.hostname or "").split("."), ""]
        if not namespace:
            raise ClusterError(f"{inside}: its host is no NAME.NAMESPACE.svc")
        port = self.port(namespace, f"service/{name}", parts.port or _PORTS.get(parts.scheme, 80))
        user = f"{parts.netloc.rpartition('@')[0]}@" if "@" in parts.netloc else ""
        return urlunsplit(parts._replace(netloc=f"{user}127.0.0.1:{port}"))

    def port(self, namespace: str, target: str, port: int) -> int:
        """The port of this machine that leads to `port` of `target` (service/NAME, deployment/NAME, pod/NAME)."""
        key = (namespace, target, port)
        process, local = self._known.get(key, (None, 0))
        if process is None or process.poll() is not None:  # it ends when its pod does
            process, local = self._known[key] = self._forward(*key)
        return local

    def _forward(self, namespace: str, target: str, port: int) -> tuple[subprocess.Popen[bytes], int]:
        command = [str(self._kubectl.program), f"--kubeconfig={self._kubectl.kubeconfig}", "--namespace", namespace]
        command += ["port-forward", "--address=127.0.0.1", target, f":{port}"]
        # A file, for kubectl writes a line a connection, and stands still once a pipe that nobody reads is full.
        said = self._forwards.enter_context(tempfile.TemporaryFile())  # noqa: SIM115  # the stack closes it
        process = subprocess.Popen(command, stdout=said, stderr=subprocess.STDOUT)
        self._forwards.callback(_end, process)
        return process, _local_port(process, said.fileno(), f"{target} in {namespace}, port {port}")


def _local_port(process: subprocess.Popen[bytes], said: int, what: str) -> int:
    """The port that kubectl chose, once it says so in the file `said`."""
    deadline = time.monotonic() + _SECONDS
    while not (found := _FORWARDING.search(os.pread(said, 4096, 0))):
        if process.poll() is not None or time.monotonic() > deadline:
            told = os.pread(said, 4096, 0).decode(errors="replace").strip()
            raise ClusterError(f"{what}: can't be reached. kubectl says: {told}")
        time.sleep(0.02)
    return int(found[1])


def _end(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    process.wait()

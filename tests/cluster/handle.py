"""The cluster as a test holds it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import kr8s
from kr8s._async_utils import as_sync_func

from tests.cluster.commands import Kubectl
from tests.cluster.info import Info
from tests.cluster.reach import Reach


@dataclass(frozen=True)
class Cluster:
    """What is there (`info`), a client (`api`), kubectl, and a way in from this machine.

    `url` turns an address inside the cluster into one of this machine, `reach` forwards any other port.
    """

    info: Info
    api: Any
    kubectl: Kubectl
    reach: Reach

    def url(self, inside: str) -> str:
        """`http://NAME.NAMESPACE.svc[:PORT]/…` as this machine reaches it."""
        return self.reach.url(inside)


@contextmanager
def use(info: Info) -> Iterator[Cluster]:
    """The cluster for the length of a `with` block."""
    kubectl = Kubectl(info.kubectl, Path(info.kubeconfig))
    api = kr8s.api(kubeconfig=info.kubeconfig)
    try:
        with Reach(kubectl) as reach:
            yield Cluster(info, api, kubectl, reach)
    finally:
        if api._session:  # kr8s leaves its connections open, and has no word for closing them
            as_sync_func(api._session.aclose)()

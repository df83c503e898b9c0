"""What we ask of Kubernetes: make a Workflow, look at one, read the settings. All of kr8s that we use is here."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import kr8s
from kr8s.objects import ConfigMap, new_class

from pipelines.cluster.errors import ClusterError
from pipelines.cluster.settings import CONFIG_MAP, KEY, Settings, parse

Workflow = new_class("Workflow", "argoproj.io/v1alpha1", asyncio=False, namespaced=True)
CONFLICT = 409
SECONDS = 30


def create(manifest: dict[str, Any]) -> bool:
    """Make a Workflow; False where there is one of that name already."""
    with _answering() as api:
        try:
            Workflow(manifest, api=api).create()
        except kr8s.ServerError as error:
            if error.response is not None and error.response.status_code == CONFLICT:
                return False
            raise
    return True


def find(name: str, namespace: str) -> dict[str, Any] | None:
    """A Workflow as it is now, or None."""
    with _answering() as api:
        try:
            return dict(Workflow.get(name, namespace=namespace, api=api).raw)
        except kr8s.NotFoundError:
            return None


def settings(namespace: str) -> Settings:
    """The settings that the chart left in `namespace`."""
    with _answering() as api:
        try:
            found = ConfigMap.get(CONFIG_MAP, namespace=namespace, api=api)
        except kr8s.NotFoundError:
            raise ClusterError(
                f"namespace {namespace}: there is no ConfigMap {CONFIG_MAP}, so no pipelines are installed there. "
                "Install helm/stillhouse, or name its namespace: --namespace"
            ) from None
    return parse(found.raw["data"][KEY], f"ConfigMap {namespace}/{CONFIG_MAP}")


@contextmanager
def _answering() -> Iterator[Any]:
    """The cluster that KUBECONFIG or the pod's own account leads to; whatever it says no to becomes a ClusterError."""
    try:
        api = kr8s.api()
        api.timeout = SECONDS
        yield api
    except kr8s.ServerError as error:
        raise ClusterError(f"the cluster refused: {error}") from error
    except (httpx.HTTPError, kr8s.APITimeoutError, kr8s.ConnectionClosedError) as error:
        raise ClusterError(
            f"the cluster does not answer ({type(error).__name__}). Is KUBECONFIG the right one?"
        ) from error
    except ValueError as error:
        raise ClusterError(f"no cluster is known here ({error}). Set KUBECONFIG.") from error

"""Our spawner: KubeSpawner makes the pods; this tells a user why one doesn't start, and as soon as that is known."""

from __future__ import annotations

import asyncio
from typing import Any

from jupyterhub.spawner import SpawnException
from kubespawner import KubeSpawner

from hub.why import Why, hopeless, late

SPARE = 1  # seconds before JupyterHub's own time limit, which tells nothing


class StillhouseSpawner(KubeSpawner):  # type: ignore[misc]  # it comes without types
    """KubeSpawner with failures that can be read."""

    async def start(self) -> str:
        """Start the user's pod; the server's address. Raises StartError with what its user should know."""
        try:
            return str(await asyncio.wait_for(super().start(), self.start_timeout - SPARE))
        except TimeoutError as error:
            raise StartError(self.why_late(str(error))) from None

    def why_late(self, told: str) -> Why:
        """What the pod was waiting for; `told` is what KubeSpawner says of it, which counts where there is no pod."""
        reflector = self.pod_reflector
        pod = reflector.pods.get(f"{self.namespace}/{self.pod_name}") if reflector else None
        if pod is None and told:  # Kubernetes did not answer a request
            return Why("timeout", f"{told} Try again.")
        return late(pod, self.events, self.start_timeout)

    def is_pod_running(self, pod: dict[str, Any] | None) -> bool:
        """Whether the pod is up. Raises StartError when it never will be: KubeSpawner asks again and again."""
        if pod is not None and (why := hopeless(pod)):
            raise StartError(why)
        return bool(super().is_pod_running(pod))

    async def load_user_options(self) -> None:
        """Apply the profile that the user chose. Raises StartError for one that isn't there."""
        try:
            await super().load_user_options()
        except ValueError as error:
            raise StartError(Why("profile", f"{error}"), 400) from None


class StartError(SpawnException):  # type: ignore[misc]  # as above
    """Why a server did not start: what JupyterHub answers on its API, counts in its metrics and shows on its pages."""

    def __init__(self, why: Why, status_code: int = 500) -> None:
        super().__init__(why.message, reason=why.reason, status_code=status_code)
        self.jupyterhub_message = why.message  # the one name that the page of a failed start looks at

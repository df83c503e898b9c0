"""Why a pod does not start, in words for the user who waits for it.

Pods and events are as the Kubernetes API gives them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

MISCONFIGURED = {"InvalidImageName", "ErrImageNeverPull", "CreateContainerConfigError", "CreateContainerError"}
NOT_PULLED = "ImagePullBackOff"  # the second state of a failed pull; the first one often mends itself


@dataclass(frozen=True)
class Why:
    """A label for metrics, and what the user is told."""

    reason: str
    message: str


def hopeless(pod: dict[str, Any]) -> Why | None:
    """What waiting won't mend, or None while there is hope."""
    status = pod.get("status", {})
    if status.get("phase") == "Failed":
        told = status.get("message") or status.get("reason") or "the node gave no reason"
        return Why("failed", f"The server was stopped by its node: {told}. Start it again.")
    for container in status.get("containerStatuses") or ():
        state = container.get("state", {})
        if ended := state.get("terminated") or container.get("lastState", {}).get("terminated"):
            return end_of(ended)
        waiting = state.get("waiting", {})
        image = container.get("image", "its image")
        told = f" ({waiting.get('message') or waiting.get('reason')})".replace(f'"{image}"', "it")
        if waiting.get("reason") == NOT_PULLED:
            return Why("image", f"{image} can't be pulled{told}. Try again; if it stays so, tell an admin.")
        if waiting.get("reason") in MISCONFIGURED:
            return Why("configuration", f"The server's pod can't be made{told}. Tell an admin.")
    return None


def end_of(ended: dict[str, Any]) -> Why:
    """Why a container ended before it was of use."""
    if ended.get("reason") == "OOMKilled":
        return Why("memory", "The server ran out of memory while it started. Choose a profile with more.")
    code = ended.get("exitCode")
    return Why("crash", f"The server ended while it started, with exit status {code}. An admin can read its log.")


def late(pod: dict[str, Any] | None, events: Sequence[dict[str, Any]], seconds: int) -> Why:
    """What a server was still waiting for when its time was over."""
    begin = f"The server did not start within {seconds} seconds"
    if pod is None:
        return Why("timeout", f"{begin}: Kubernetes has not told of its pod. Try again.")
    for condition in pod.get("status", {}).get("conditions") or ():
        if condition.get("type") == "PodScheduled" and condition.get("status") == "False":
            told = condition.get("message", "no node suits it")
            return Why(
                "room", f"{begin}: no node has room for it ({told}). Choose another profile, or try again later."
            )
    warnings = [event["message"] for event in events if event.get("type") == "Warning" and event.get("message")]
    told = warnings[-1] if warnings else "its image may be large, or its node slow"
    return Why("timeout", f"{begin}: {told}. Try again; if it stays so, tell an admin.")

"""Where things lie in the pods of a run, and the words in which the compiler tells them what to do."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from pipelines.cluster.errors import ClusterError

DIGEST = "digest"
VERDICT = "verdict"
LOG = "log"
STEP = "step.json"
RELEASE = "release"
RELEASED = "release.json"
EXECUTED = "executed.ipynb"
RECORD = "record"


@dataclass(frozen=True)
class Pod:
    """`checkout`: the commit, cloned by Argo's executor. `inputs`: what other steps handed on, a folder a step.

    `parcel`: what this pod hands on. `image`: what came with the image: its uv.lock, the chart of a served model.
    """

    checkout: Path = Path("/checkout")
    inputs: Path = Path("/inputs")
    parcel: Path = Path("/out")
    image: Path = Path("/opt/stillhouse")


@dataclass(frozen=True)
class StepOrder:
    """One step: its places relative to the checkout; `needs`: the outs to take from each step before it."""

    name: str
    analysis: str
    folder: str
    command: str
    outs: tuple[str, ...]
    notebook: str | None
    needs: dict[str, tuple[str, ...]]


@dataclass(frozen=True)
class ReleaseOrder:
    """A release: the model's folder as the step `step` handed it on, and where its image goes.

    `outs` is all that the step declares, for they have one digest.
    """

    analysis: str
    run: str
    commit: str
    step: str
    outs: tuple[str, ...]
    model: str
    base: str
    registry: str
    insecure: bool
    namespace: str
    pull_secrets: tuple[str, ...]


@dataclass(frozen=True)
class RecordOrder:
    """A record: of which run, with which steps in their order, and whether the author is told in the repository."""

    analysis: str
    run: str
    commit: str
    steps: tuple[StepOrder, ...]
    releases: bool
    repository: str
    tell: bool


def write(order: StepOrder | ReleaseOrder | RecordOrder) -> str:
    """An order as the one argument of a pod."""
    return json.dumps(asdict(order), sort_keys=True, ensure_ascii=False)


def read_step(text: str) -> StepOrder:
    """The order that `write` wrote."""
    with _of_this_version():
        return _step(json.loads(text))


def read_release(text: str) -> ReleaseOrder:
    """The order that `write` wrote."""
    with _of_this_version():
        values = json.loads(text)
        tuples = {name: tuple(values[name]) for name in ("outs", "pull_secrets")}
        return ReleaseOrder(**{**values, **tuples})


def read_record(text: str) -> RecordOrder:
    """The order that `write` wrote."""
    with _of_this_version():
        values = json.loads(text)
        return RecordOrder(**{**values, "steps": tuple(_step(step) for step in values["steps"])})


def _step(values: dict[str, Any]) -> StepOrder:
    needs = {need: tuple(outs) for need, outs in values["needs"].items()}
    return StepOrder(**{**values, "outs": tuple(values["outs"]), "needs": needs})


@contextmanager
def _of_this_version() -> Iterator[None]:
    try:
        yield
    except (ValueError, TypeError, KeyError) as error:
        raise ClusterError(
            f"this order was written by another version than this image's ({error}). Submit with the version that the "
            "platform's pipeline image has, or give the platform the image of yours (make images)."
        ) from None

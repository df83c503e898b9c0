"""The releases of an analysis on the cluster, as helm keeps them: list them, make one, go back to one.

A release is a model image that serves. Going back makes a new revision for helm and no new release, so each revision
says in its values of which release it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from pipelines.cluster import helm
from pipelines.cluster.errors import ClusterError

SOUND = ("deployed", "superseded")


@dataclass(frozen=True)
class Release:
    """A release: its number, the revision that holds it last, whether it serves now, its image and where it is from."""

    number: int
    revision: int
    current: bool
    image: str
    provenance: Mapping[str, Any]


def load_all(analysis: str, namespace: str) -> list[Release]:
    """All releases of an analysis that came to serve, oldest first."""
    revisions = [one for one in helm.history(analysis, namespace) if one["status"] in SOUND]
    numbers = [int(one["revision"]) for one in revisions]
    with ThreadPoolExecutor(8) as pool:
        contents = pool.map(lambda number: helm.values(analysis, namespace, number), numbers)
    found: dict[int, Release] = {}
    for revision, content in zip(revisions, contents, strict=True):
        provenance = content["provenance"]
        number = int(provenance["release"])
        deployed = revision["status"] == "deployed"
        found[number] = Release(number, int(revision["revision"]), deployed, content["image"], provenance)
    return [found[number] for number in sorted(found)]


def current(releases: Iterable[Release]) -> Release | None:
    """The one that serves."""
    return next((one for one in releases if one.current), None)


def next_number(releases: Iterable[Release]) -> int:
    """The number of a new release."""
    return 1 + max((one.number for one in releases), default=0)


def choose(releases: list[Release], number: int | None) -> Release:
    """The release called `number`, or the one before the current one."""
    if number is not None:
        named = [one for one in releases if one.number == number]
        if not named:
            raise ClusterError(f"there is no release {number} on the cluster. List them: stillhouse releases --cluster")
        return named[0]
    now = current(releases)
    earlier = [one for one in releases if now and one.number < now.number]
    if not earlier:
        raise ClusterError("there is no earlier release on the cluster. List them: stillhouse releases --cluster")
    return earlier[-1]


def roll_back(analysis: str, namespace: str, number: int | None) -> Release:
    """Have an earlier release serve again, and return it once it does."""
    target = choose(load_all(analysis, namespace), number)
    if not target.current:
        helm.rollback(analysis, namespace, target.revision)
    return target

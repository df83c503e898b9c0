"""Which cluster: that of $KUBECONFIG where it answers, kind's where Docker runs, else one that is built here."""

from __future__ import annotations

from pathlib import Path

from tests.cluster import binaries, built, given, kind, requirements
from tests.cluster.commands import Steps
from tests.cluster.info import Info
from tests.cluster.layout import Layout


def up(layout: Layout, checkout: Path, steps: Steps) -> Info:
    """Have it ready."""
    if found := _given(layout, steps):
        return given.use(found)
    if kind.usable():
        requirements.check(layout, builds=bool(binaries.missing(layout)), kind=True)
        return kind.up(layout, steps)
    return built.up(layout, checkout, steps)


def down(layout: Layout, checkout: Path, told: str | None, steps: Steps) -> None:
    """Remove it; `told` is the kind of the cluster that this checkout uses. One that was given stays as it is."""
    if told == "given":
        steps.done("the given cluster stays as it is")
    elif told == "kind":
        kind.down(layout)
        steps.done("kind's cluster is gone")
    else:
        built.down(layout, checkout, steps)


def check(layout: Layout, steps: Steps) -> str:
    """Which it would be. Raises ClusterError where none can be had, with everything that is missing."""
    if found := _given(layout, steps):
        return f"the cluster of {found}"
    by_kind = kind.usable()
    requirements.check(layout, builds=bool(binaries.missing(layout)), kind=by_kind)
    return "kind's cluster" if by_kind else "a cluster that is built here"


def _given(layout: Layout, steps: Steps) -> Path | None:
    found = given.kubeconfig(layout)
    if found and not given.reachable(given.kubectl(found)):
        steps.say(f"  the cluster of {found} ($KUBECONFIG) does not answer: going on without it")
        return None
    return found

"""`python -m tests.cluster up|down|status`."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import click

from pipelines.errors import StillhouseError
from tests.cluster import choose, holder, info, layout
from tests.cluster.commands import Kubectl, Steps


@click.group(help="The cluster that `make test-cluster` runs on.")
def main() -> None:
    """See the commands."""


@main.command()
def up() -> None:
    """Have a cluster ready: the one of $KUBECONFIG, kind's, or one built here."""
    began = time.monotonic()
    here = layout.default()
    with holder.alone(here):
        made = choose.up(here, layout.CHECKOUT, Steps())
        info.save(made)
    click.echo(f"Cluster ready in {time.monotonic() - began:.0f} s: {info.FILE} tells of it.")
    click.echo(f"  export KUBECONFIG={made.kubeconfig}")


@main.command()
def down() -> None:
    """Remove the cluster and every trace of it but the caches."""
    here = layout.default()
    with holder.alone(here):
        choose.down(here, layout.CHECKOUT, info.kind(), Steps())
        info.forget()


@main.command()
def check() -> None:
    """Say whether a cluster can be had here; what is missing comes with its mend."""
    here = layout.default()
    click.echo(f"{choose.check(here, Steps())} can be used")


@main.command()
def status() -> None:
    """Show the nodes, and what does not run."""
    made = info.load()
    click.echo(Kubectl(made.kubectl, Path(made.kubeconfig))("get", "nodes,pods", "--all-namespaces"))


def run() -> None:
    """Tell errors in words."""
    try:
        main(standalone_mode=True)
    except StillhouseError as error:
        sys.exit(f"error: {error}")


if __name__ == "__main__":
    run()

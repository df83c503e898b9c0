"""`stillhouse submit` and `stillhouse watch`, and what `releases` and `rollback` do with --cluster."""

from __future__ import annotations

import sys
from pathlib import Path

import click

NAMESPACE = "stillhouse"
namespace_option = click.option(
    "--namespace",
    default=NAMESPACE,
    show_default=True,
    envvar="STILLHOUSE_NAMESPACE",
    help="Where helm/stillhouse is installed.",
)


@click.command("submit")
@click.argument("analysis", required=False)
@click.option("--commit", default="HEAD", show_default=True, help="The commit to run; it must be pushed.")
@click.option("--wait", is_flag=True, help="Follow the run to its end, and end with 1 where it did not pass.")
@namespace_option
def submit_command(analysis: str | None, commit: str, wait: bool, namespace: str) -> None:
    """Run an analysis at a commit on the cluster, release its model if every gate passes."""
    from pipelines.analysis import find_analysis
    from pipelines.cluster import kube, source
    from pipelines.cluster.submit import follow, submit
    from pipelines.progress import Progress

    found = find_analysis(analysis)
    settings = kube.settings(namespace)
    name, new = submit(found.root, found.name, source.resolve(found.root, commit), settings)
    click.echo(f"run {name}: {'submitted' if new else 'there is one of this commit already'}")
    if wait:
        passed, told = follow(name, settings.runs, Progress().end)
        click.echo(f"\n{told}", nl=False)
        sys.exit(0 if passed else 1)


@click.command("watch")
@click.option(
    "--settings",
    "path",
    type=click.Path(path_type=Path),
    default=Path("/etc/stillhouse/settings.json"),
    show_default=True,
    help="The settings' file, as the chart mounts it.",
)
@click.option("--scratch", type=click.Path(path_type=Path), default=Path("/scratch"), show_default=True)
def watch_command(path: Path, scratch: Path) -> None:
    """Run whatever is pushed to the branch (in the cluster; the chart starts it)."""
    from pipelines.cluster import settings
    from pipelines.cluster.watch import Watch

    Watch(settings.read(path), scratch).forever()


def show_releases(analysis: str, namespace: str) -> None:
    """Print the releases on the cluster, oldest first, with what each was made of."""
    from pipelines.cluster import kube, releases

    found = releases.load_all(analysis, kube.settings(namespace).models)
    for one in found:
        origin = one.provenance
        words = [str(origin["released"]), f"run {origin['run']}", f"commit {str(origin['commit'])[:8]}"]
        mark = "  current" if one.current else ""
        click.echo(f"{one.number:>4}  model {str(origin['model'])[:12]}  {'  '.join(words)}{mark}")
    if not found:
        click.echo("nothing is released on the cluster. Push a commit, or run one: stillhouse submit")


def roll_back(analysis: str, number: int | None, namespace: str) -> None:
    """Have an earlier release serve again."""
    from pipelines.cluster import kube, releases

    target = releases.roll_back(analysis, kube.settings(namespace).models, number)
    click.echo(f"release {target.number} serves: model {str(target.provenance['model'])[:12]}")

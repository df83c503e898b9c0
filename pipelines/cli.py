"""The command line: `stillhouse`. Each command imports what it needs, so that the others start at once."""

from __future__ import annotations

import errno
import io
import os
import signal
import sys
from pathlib import Path
from types import FrameType
from typing import Any

import click

from pipelines.analysis import Analysis, find_analysis, find_root
from pipelines.cluster import command as cluster
from pipelines.errors import StillhouseError
from pipelines.image.command import command as image_command

ANALYSIS = click.argument("analysis", required=False)
# What a machine may refuse: no space, no permission, a read-only place.
MACHINE = (errno.ENOSPC, errno.EDQUOT, errno.EACCES, errno.EPERM, errno.EROFS)
HERE = click.option("--analysis", default=None, help="The analysis, where there are several.")
ON_CLUSTER = click.option("--cluster", "on_cluster", is_flag=True, help="Of the cluster, not of this machine.")


class _Group(click.Group):
    """Shows the errors that a person can mend as one message, without a traceback."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except StillhouseError as error:
            click.echo(f"✗ {error}", err=True)
        except OSError as error:
            if error.errno not in MACHINE:
                raise
            click.echo(f"✗ {error.strerror}: {error.filename or 'here'}. Mend that and try again.", err=True)
        except KeyboardInterrupt:
            click.echo("\nstopped", err=True)
            sys.exit(130)
        sys.exit(1)


@click.group(cls=_Group, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="stillhouse")
def main() -> None:
    """Notebooks as a pipeline: run them, gate them, record them, package the model, serve it."""
    # Set by some environments, and then the same modules are compiled anew for every step.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    # A terminal that can't show a letter gets another, and no run fails of it.
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")


def _stop_on_sigterm() -> None:
    """End on SIGTERM as on Ctrl-C: steps are stopped and the record says so."""

    def stop(_signal: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, stop)


@main.command(name="run")
@ANALYSIS
@click.option("-S", "--set", "settings", multiple=True, metavar="NAME=VALUE", help="Try another value of a parameter.")
@click.option("--sweep", is_flag=True, help="Take several values a parameter (NAME=A,B …) and record each combination.")
@click.argument("grid", nargs=-1, metavar="[NAME=A,B …]")
def run_command(analysis: str | None, settings: tuple[str, ...], sweep: bool, grid: tuple[str, ...]) -> None:
    """Run every step of an analysis that is not up to date, gates among them, and record it.

    With -S or --sweep the steps run in a copy: the checkout's files stay as they are.
    """
    from pipelines import trials

    _stop_on_sigterm()
    words = [word for word in (analysis, *grid) if word]
    names = [word for word in words if "=" not in word]
    assignments = [word for word in words if "=" in word]
    if len(names) > 1 or (assignments and not sweep):
        raise click.UsageError(f"{' '.join(words)}: give one analysis; NAME=A,B goes with --sweep, NAME=VALUE with -S.")
    chosen = find_analysis(names[0] if names else None)
    fixed = trials.parse_settings(settings)
    grid_values = trials.parse_grid(assignments) if sweep else {}
    ok = trials.run_sweep(chosen, fixed, grid_values) if sweep else trials.run_one(chosen, fixed)
    sys.exit(0 if ok else 1)


@main.command(name="step")
@click.argument("notebook", type=click.Path(path_type=Path))
@click.option("-p", "parameters", nargs=2, multiple=True, metavar="NAME VALUE", help="A parameter of the notebook.")
def step_command(notebook: Path, parameters: tuple[tuple[str, str], ...]) -> None:
    """Execute one notebook with papermill (a step's command in dvc.yaml)."""
    from pipelines import step
    from pipelines.workspace import parse_value

    path = notebook.resolve()
    values = {name: parse_value(value) for name, value in parameters}
    step.execute(path, path.parent / "build" / "executed" / path.name, values)


@main.command(name="gate")
@click.argument("name")
@click.option("--serve", type=click.Path(path_type=Path), help="Start a candidate service on this model for the tests.")
@click.option("-n", "workers", type=click.IntRange(0), default=0, help="Run the checks in this many processes.")
def gate_command(name: str, serve: Path | None, workers: int) -> None:
    """Run the checks in gates/NAME (a gate's command in dvc.yaml)."""
    from pipelines.gate import run_gate

    verdict = run_gate(Path.cwd(), name, workers=workers, serve=serve.resolve() if serve else None)
    click.echo(f"gate {name}: {len(verdict.passed)} checks passed")


@main.group(name="runs", invoke_without_command=True)
@HERE
@click.option("--metric", "metrics", multiple=True, metavar="NAME", help="Show this metric; may be given again.")
@click.pass_context
def runs_group(context: click.Context, analysis: str | None, metrics: tuple[str, ...]) -> None:
    """List the records of all runs; show, compare and plot them."""
    context.obj = find_analysis(analysis)
    if context.invoked_subcommand is None:
        from pipelines import runs

        runs.show_list(context.obj, metrics)


@runs_group.command(name="show")
@click.argument("run")
@click.pass_obj
def show_command(analysis: Analysis, run: str) -> None:
    """Show one run (an id, its beginning or end, or `latest`)."""
    from pipelines import runs

    runs.show_one(analysis, run)


@runs_group.command(name="diff")
@click.argument("a")
@click.argument("b")
@click.pass_obj
def diff_command(analysis: Analysis, a: str, b: str) -> None:
    """Compare two runs: parameters, metrics, data and code."""
    from pipelines import runs

    runs.show_diff(analysis, a, b)


@runs_group.command(name="plot")
@click.argument("metric")
@click.option("--out", type=click.Path(path_type=Path), help="The file (.png or .svg); else in the runs' folder.")
@click.pass_obj
def plot_command(analysis: Analysis, metric: str, out: Path | None) -> None:
    """Plot a metric over all runs."""
    from pipelines import runs

    click.echo(runs.plot(analysis, metric, out))


@main.command(name="up")
@ANALYSIS
@click.option("--port", default=8080, show_default=True, envvar="PORT", help="Where the service listens.")
def up_command(analysis: str | None, port: int) -> None:
    """Run the pipeline, package the model, and serve it in the background."""
    from pipelines import up

    _stop_on_sigterm()
    sys.exit(0 if up.up(find_analysis(analysis), port) else 1)


@main.command(name="down")
def down_command() -> None:
    """Stop the services of this checkout."""
    from pipelines import up

    up.down(find_root(Path.cwd().resolve()))


@main.command(name="releases")
@ANALYSIS
@ON_CLUSTER
@cluster.namespace_option
def releases_command(analysis: str | None, on_cluster: bool, namespace: str) -> None:
    """List the releases on this machine, or those on the cluster."""
    found = find_analysis(analysis)
    if on_cluster:
        cluster.show_releases(found.name, namespace)
        return
    from pipelines import up

    up.show_releases(found)


@main.command(name="rollback")
@click.argument("number", type=int, required=False)
@HERE
@ON_CLUSTER
@cluster.namespace_option
def rollback_command(number: int | None, analysis: str | None, on_cluster: bool, namespace: str) -> None:
    """Serve the release before the current one again, or the one with this NUMBER."""
    found = find_analysis(analysis)
    if on_cluster:
        cluster.roll_back(found.name, number, namespace)
        return
    from pipelines import up

    up.roll_back(found, number)


@main.command(name="baseline")
@ANALYSIS
def baseline_command(analysis: str | None) -> None:
    """Judge drift by the released model from now on: its summary goes to released.json, for review and commit."""
    from pipelines import release

    click.echo(release.keep_baseline(find_analysis(analysis)))


for command in (image_command, cluster.submit_command, cluster.watch_command):
    main.add_command(command)

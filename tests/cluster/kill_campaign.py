"""`python -m tests.cluster.kill_campaign [--from-nothing]`: end things the hard way, start again, measure.

Outside CI, for it takes minutes and the whole machine. Its last result is in README.md beside it.
"""

from __future__ import annotations

import datetime
import os
import platform
import subprocess
import sys
import time

import click

from tests.cluster import built, holder, layout, processes, traces
from tests.cluster.commands import Kubectl, Steps, run
from tests.cluster.info import Info, save
from tests.cluster.node import gpus, ready

CUTS = (1, 3, 6, 10, 16)  # seconds after which a `make cluster` from nothing is killed

_START = """
from tests.cluster import built, layout
from tests.cluster.commands import Steps
built.up(layout.default(), layout.CHECKOUT, Steps())
"""


@click.command()
@click.option("--from-nothing", is_flag=True, help="Take the cluster down too, measure, and kill its start midway.")
def main(from_nothing: bool) -> None:
    """Kill each process of the cluster in turn; after each, bring the cluster up again."""
    here = layout.default()
    commit = run("git", "rev-parse", "--short=12", "HEAD").strip()
    now = datetime.datetime.now().astimezone().isoformat(timespec="minutes")
    load = " ".join(f"{each:.1f}" for each in os.getloadavg())
    click.echo(f"{now}, commit {commit}, {os.cpu_count()} CPUs, {platform.release()}, load {load}")
    with holder.alone(here):
        made = _up(here, "as it is")
        for name in [process.name for process in processes.recorded(here)]:
            victim = processes.find(here, name)
            if victim is None:
                raise click.ClickException(f"{name} died by itself")
            processes.kill([victim.pid])
            made = _up(here, f"kill -9 {name}")
        processes.kill(process.pid for process in processes.recorded(here))
        made = _up(here, "kill -9 all of them")
        if from_nothing:
            made = _from_nothing(here)
        save(made)


def _up(here: layout.Layout, after: str) -> Info:
    """Bring the cluster up and check that it is whole; a line of the result."""
    began = time.monotonic()
    made = built.up(here, layout.CHECKOUT, Steps(lambda _: None))
    seconds = time.monotonic() - began
    kubectl = Kubectl(made.kubectl, here.kubeconfig)
    nodes = ready(kubectl, {})
    if not all(nodes.values()) or not gpus(kubectl):
        raise click.ClickException(f"after {after}: the nodes are {nodes} with {gpus(kubectl)} GPUs")
    pod = ("run", "alive", f"--image={made.tools}", "--restart=Never", "--attach", "--rm", "--quiet")
    kubectl("--namespace=default", *pod, "--command", "--", "true")
    click.echo(f"| {after:<34} | {seconds:5.1f} s | Ready, a pod ran |")
    return made


def _from_nothing(here: layout.Layout) -> Info:
    """With the cluster that is there set aside, and brought back at the end as after a restart of the machine."""
    aside = here.run.with_name("run.aside")
    built.halt(here)
    here.run.rename(aside)
    try:
        _cut_starts(here, traces.seen())
    finally:
        built.remove(here)
        aside.rename(here.run)
        made = _up(here, "restart of the machine")
    return made


def _cut_starts(here: layout.Layout, before: dict[str, list[str]]) -> None:
    _up(here, "from nothing")
    _down(here, before)
    for seconds in CUTS:
        with subprocess.Popen([sys.executable, "-c", _START], stdout=subprocess.DEVNULL) as start:
            time.sleep(seconds)
            start.kill()
        _up(here, f"start killed after {seconds} s")
        _down(here, before)


def _down(here: layout.Layout, before: dict[str, list[str]]) -> None:
    began = time.monotonic()
    built.remove(here)
    seconds = time.monotonic() - began
    left = traces.new(before, traces.seen())
    click.echo(f"| down {'':<29} | {seconds:5.1f} s | {'; '.join(left) or 'nothing left'} |")


if __name__ == "__main__":
    main()

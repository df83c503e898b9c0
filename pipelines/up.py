"""The main job on one machine: run the pipeline, package the model, release it, serve it in the background."""

from __future__ import annotations

import os
import time
from pathlib import Path

import click

from pipelines import release, report, service, trials
from pipelines.analysis import STATE, Analysis
from pipelines.bootstrap.port import command_of, holder, refusal
from pipelines.errors import StillhouseError
from pipelines.files import read_json
from pipelines.image.assemble import Image, assemble
from pipelines.image.errors import ImageError
from pipelines.progress import Progress
from pipelines.record import Record, folder
from pipelines.release import Release
from pipelines.run import run


def up(analysis: Analysis, port: int) -> bool:
    """Do all of it; returns whether the new model serves. A failed gate leaves what serves as it is."""
    check_port(analysis, port)
    click.echo(f"Pipeline {analysis.name}")
    record = run(analysis, Progress())
    trials.tell(analysis, record)
    if record.status != "passed":
        _tell_stopped(analysis)
        return False
    image = _image(analysis, analysis.model)
    released = release.publish(analysis, record, image.digest if image else None)
    ready = serve(analysis, released, port)
    _tell_served(analysis, record, released, image, ready)
    return True


def check_port(analysis: Analysis, port: int) -> None:
    """Refuse a port that something else listens on, before any work is done."""
    ours = service.find(analysis.service)
    if ours and ours.url.endswith(f":{port}"):
        return
    refused = refusal(port)
    if refused is not None:
        raise StillhouseError(
            f"port {port} can't be used ({os.strerror(refused)}{_holder(port)}). Take another, "
            f"make up PORT={port + 1}, or end what listens there."
        )


def _holder(port: int) -> str:
    pid = holder(port)
    return f", by process {pid}: {command_of(pid)}" if pid else ""


def serve(analysis: Analysis, released: Release, port: int) -> service.Ready:
    """Have the released model served on `port`: start the service, or have the running one take it up."""
    home = analysis.service
    model = release.serving_model(analysis)
    running = service.find(home)
    if running and running.url.endswith(f":{port}") and service.started_with(home) == service.code_hash():
        if service.served_version(running.url) == released.version:
            return running
        return service.reload(running, released.version, home)
    if running:
        service.stop(running)
    return service.start(model, home, port)


def roll_back(analysis: Analysis, number: int | None) -> None:
    """Make an earlier release current; a running service takes its model up without dropping a request."""
    released = release.roll_back(analysis, number)
    click.echo(f"release {released.number} is current: model {released.version[:12]}")
    _image(analysis, released.model)
    running = service.find(analysis.service)
    if running:
        service.reload(running, released.version, analysis.service)
        click.echo(f"served at {running.url}")


def show_releases(analysis: Analysis) -> None:
    """Print the releases, oldest first, with what each was made of."""
    now = release.current(analysis)
    for one in release.load_all(analysis):
        origin = read_json(one.folder / "provenance.json") or {}
        words = [
            origin.get("released", ""),
            f"run {origin.get('run')}",
            f"commit {(origin.get('commit') or 'none')[:8]}",
        ]
        mark = "  current" if one == now else ""
        click.echo(f"{one.number:>4}  model {one.version[:12]}  {'  '.join(words)}{mark}")
    if now is None:
        click.echo("nothing is released. Release something: make up")


def down(root: Path) -> None:
    """Stop the services of this checkout."""
    running = [found for home in sorted((root / STATE / "service").glob("*/")) if (found := service.find(home))]
    for one in running:
        service.stop(one)
        click.echo(f"stopped the service at {one.url}")
    if not running:
        click.echo("nothing is running")


def _image(analysis: Analysis, model: Path) -> Image | None:
    """The serving image; None, and why, where it can't be made here: the service on this machine does not need it."""
    began = time.monotonic()
    try:
        image = assemble(model, analysis.image, progress=click.echo)
    except ImageError as error:
        click.echo(f"no image: {error}")
        return None
    click.echo(f"image {image.digest[:19]} in {time.monotonic() - began:.1f} s: {image.layout}")
    if image.missing:
        click.echo(f"  without its base: {image.missing}")
    return image


def _tell_stopped(analysis: Analysis) -> None:
    serving = release.current(analysis)
    click.echo(
        f"stopped: nothing is released. Model {serving.version[:12]} (release {serving.number}) stays as it is."
        if serving
        else "stopped: nothing is released."
    )


def _tell_served(
    analysis: Analysis, record: Record, released: Release, image: Image | None, ready: service.Ready
) -> None:
    click.echo(
        f"\nServing model {released.version[:12]} (release {released.number}) in the background\n"
        f"  page      {ready.url}/\n"
        f"  API       {ready.url}/openapi.json\n"
        f"  report    {folder(analysis, record) / report.INDEX}\n"
        f"  image     {image.layout if image else 'none'}\n"
        "  stop it   make down"
    )
    if not release.is_baseline(analysis):
        click.echo("\nDrift is still judged by an older release. To judge it by this one: stillhouse baseline")

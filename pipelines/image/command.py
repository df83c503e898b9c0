"""`stillhouse image`: assemble the serving image of a model, check it, push it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from pipelines.image.errors import ImageError
from pipelines.image.platforms import PLATFORMS

if TYPE_CHECKING:
    from pipelines.image.assemble import Image


@click.command("image")
@click.argument("analysis", required=False)
@click.option("--model", type=click.Path(path_type=Path), help="The model's folder.  [default: the released one's]")
@click.option(
    "--out", type=click.Path(path_type=Path), help="Where the image goes.  [default: .stillhouse/image/ANALYSIS]"
)
@click.option("--platform", type=click.Choice(list(PLATFORMS)), help="[default: this machine's]")
@click.option("--push", "reference", metavar="REF", help="Push it to REGISTRY/NAME[:TAG] and print the digest.")
@click.option("--verify", is_flag=True, help="Read every byte of the image again and check it.")
@click.option("--update-base", is_flag=True, help="Make the base anew of Debian's newest packages, and pin it.")
def command(
    analysis: str | None,
    model: Path | None,
    out: Path | None,
    platform: str | None,
    reference: str | None,
    verify: bool,
    update_base: bool,
) -> None:
    """Assemble a model's serving image as an OCI layout, without a daemon and without root."""
    from pipelines.image.assemble import assemble
    from pipelines.image.layout import verify as verify_layout

    model, out = _folders(analysis, model, out)
    if update_base:
        _update_base(platform)
    image = assemble(model, out, platform=platform, try_again=True, progress=_say)
    _tell(image)
    if verify:
        verify_layout(image.layout)
        _say("verified: every byte is what its digest says")
    if reference:
        _push(image, reference)


def _folders(analysis: str | None, model: Path | None, out: Path | None) -> tuple[Path, Path]:
    """Where the model is and where the image goes, by default the analysis's released model and its image."""
    if model and out:
        return model, out
    from pipelines import release
    from pipelines.analysis import find_analysis

    found = find_analysis(analysis)
    if model is None and release.current(found) is None:
        raise ImageError(f"no model of {found.name} has passed its gates and is released. Release one: make up")
    return model or release.serving_model(found), out or found.image


def _update_base(platform: str | None) -> None:
    from pipelines.image import base, platforms
    from pipelines.image.assemble import PROJECT
    from pipelines.image.cache import Cache, default_folder

    path = base.update(PROJECT, platforms.find(platform), Cache(default_folder()), _say)
    _say(f"base: pinned in {path}; commit it")


def _tell(image: Image) -> None:
    for layer in image.layers:
        click.echo(f"  {layer.name:<13}{layer.size:>12,} bytes  {layer.digest[7:19]}")
    click.echo(f"  {image.layout}:{image.tag}  {image.platform}, {image.size / 1e6:,.1f} MB")
    click.echo(image.digest)
    if image.missing:
        _say(f"This image is incomplete: {image.missing}")


def _push(image: Image, reference: str) -> None:
    from pipelines.image import registry
    from pipelines.image.errors import ImageError

    if image.missing:
        raise ImageError(f"an incomplete image is not pushed: {image.missing}")
    digest = registry.push(image.layout, reference, _say)
    click.echo(f"pushed to {reference} as {digest}")


def _say(line: str) -> None:
    click.echo(line, err=True)

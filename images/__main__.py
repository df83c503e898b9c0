"""`python -m images [NAME…]`: build the images, list them, and push them where there is a registry."""

from __future__ import annotations

import contextlib
import tempfile
from pathlib import Path

import click

from images import root
from images.build import NAMES, Builder, Built, sbom_of
from images.push import push, target_of
from images.recipes import RECIPES, Site
from pipelines.errors import StillhouseError
from pipelines.image import platforms
from pipelines.image.cache import Cache, default_folder

PROJECT = Path(__file__).resolve().parents[1]


@click.command()
@click.argument("names", nargs=-1, type=click.Choice([*RECIPES, "serving"]))
@click.option("--push", "place", metavar="REGISTRY/PREFIX", help="[default: the running test cluster's registry]")
@click.option("--no-push", is_flag=True, help="Build only.")
@click.option("--insecure", is_flag=True, help="Speak plain HTTP to the registry of --push.")
@click.option("--base-image", metavar="NAME@sha256:…", help="Build on this image instead of our base.")
@click.option("--again", is_flag=True, help="Build all from scratch, with an empty cache, and compare (minutes).")
@click.option("--update-packages", is_flag=True, help="Lock Debian's newest packages for the base, and build nothing.")
def main(
    names: tuple[str, ...],
    place: str | None,
    no_push: bool,
    insecure: bool,
    base_image: str | None,
    again: bool,
    update_packages: bool,
) -> None:
    """Build the images NAMES (all, unless named) with buildah, podman or docker; only what changed is built."""
    with contextlib.ExitStack() as stack:
        aside = stack.enter_context(tempfile.TemporaryDirectory()) if again else None
        site = Site(PROJECT, platforms.find(None), Cache(Path(aside) if aside else default_folder()), _say)
        try:
            if update_packages:
                return _say(f"{root.update(PROJECT, site.platform, site.cache, _say)}: commit it")
            builder, target = Builder(site, base_image, again), target_of(PROJECT, place, insecure)
            for name in names or NAMES[bool(base_image) :]:
                image = builder.build(name)
                _tell(image)
                if target and not no_push:
                    _say(f"  {push(PROJECT, image, target, _say)}")
        except StillhouseError as error:
            raise click.ClickException(str(error)) from error
    return None


def _tell(image: Built) -> None:
    listed = sbom_of(PROJECT, image.name).relative_to(PROJECT)
    click.echo(f"{image.name:<15}{image.size / 1e6:8,.1f} MB  {image.packages:>4} packages ({listed})  {image.digest}")


def _say(line: str) -> None:
    click.echo(line, err=True)


if __name__ == "__main__":
    main()

"""The base below the dependencies: pinned by digest in the lock, from the cache, a registry or Debian's packages."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from pipelines.image import base_lock, debian
from pipelines.image.base_lock import Pin, Recipe
from pipelines.image.cache import Cache, Kept, key
from pipelines.image.errors import ImageError
from pipelines.image.layer import Layer
from pipelines.image.platforms import Platform

PATH = "/usr/local/bin:/usr/bin:/bin"
UPDATE = "stillhouse image --update-base"
Say = Callable[[str], None]


class BaseMissing(ImageError):
    """There is no base here; its text says which, why, and what mends it."""


@dataclass(frozen=True)
class Base:
    """The lowest layers, what they are called (a digest), and the environment they set."""

    name: str
    digest: str
    layers: tuple[Layer, ...]
    environment: Mapping[str, str] = field(default_factory=lambda: {"PATH": PATH})


def find(project: Path, platform: Platform, cache: Cache, make: bool, say: Say) -> Base:
    """The base that `project`'s lock pins for `platform`.

    Where the cache has none, it is pulled or made if `make` says so (seconds, told through `say`). Raises
    BaseMissing where it can't be had, or is another one than the lock has.
    """
    pin = base_lock.read_pin(project, platform.name)
    if pin is None:
        raise BaseMissing(f"no base is pinned for {platform.name}. Pin one: {UPDATE} --platform {platform.name}")
    made_from = key("base", pin.image or str(pin.digest))
    kept = cache.find("base", made_from)
    if not kept:
        if not make:
            raise BaseMissing(f"the base {_name(pin)} is not in the cache. Get it: stillhouse image")
        kept = cache.get("base", made_from, lambda: _get(project, platform, pin, cache, say))
    environment = dict(kept.about.get("environment", {})) or {"PATH": PATH}
    return Base(_name(pin), _digest(pin), kept.layers, environment)


def update(project: Path, platform: Platform, cache: Cache, say: Say) -> Path:
    """Make `platform`'s base of the newest packages, pin it, and say which file it is pinned in."""
    recipe = _recipe_for_here(project, platform)
    say(f"base: fetching Debian {recipe.suite}'s newest packages for {platform.name}")
    entries, versions = debian.make(recipe, platform)
    layer = cache.write("base", entries)
    cache.keep(key("base", layer.digest), Kept((layer,)))
    return base_lock.write_pin(project, platform.name, Pin(layer.digest, versions))


def _get(project: Path, platform: Platform, pin: Pin, cache: Cache, say: Say) -> Kept:
    if pin.image:
        from pipelines.image import registry  # the network's libraries take a while to load

        say(f"base: pulling {pin.image} (once)")
        try:
            return registry.pull(pin.image, platform, cache)
        except ImageError as error:
            raise BaseMissing(f"the base {pin.image} can't be pulled: {error}") from error
    recipe = _recipe_for_here(project, platform)
    say(f"base: fetching {len(pin.packages or {})} packages of Debian {recipe.suite} (once, some seconds)")
    try:
        entries, _ = debian.make(recipe, platform, pin.packages)
    except ImageError as error:
        raise BaseMissing(
            f"the base {_name(pin)} can't be made: {error}\nWhere Debian has newer packages by now, pin those: {UPDATE}"
        ) from error
    layer = cache.write("base", entries)
    if layer.digest != pin.digest:
        raise BaseMissing(
            f"{project / base_lock.FOLDER / 'base.lock.json'}: it pins the base {_name(pin)}, and the recipe made "
            f"{layer.digest[7:19]}. If base.toml was changed on purpose, pin the new base: {UPDATE}"
        )
    return Kept((layer,))


def _recipe_for_here(project: Path, platform: Platform) -> Recipe:
    missing = debian.find_tools()
    if missing:
        raise BaseMissing(f"the base for {platform.name} can't be made here: {missing}, then run: stillhouse image")
    return base_lock.read_recipe(project)


def _name(pin: Pin) -> str:
    return pin.image or f"debian@{_digest(pin)[:19]}"


def _digest(pin: Pin) -> str:
    return pin.image.rpartition("@")[2] if pin.image else str(pin.digest)

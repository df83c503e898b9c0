"""What all models' images of one lock and platform have in common, and how a model goes on top of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipelines import artifact
from pipelines.image import app, base, bytecode, dependencies, layout, platforms
from pipelines.image.base import Base
from pipelines.image.cache import Cache
from pipelines.image.debian import USER
from pipelines.image.errors import ImageError
from pipelines.image.layer import Layer
from pipelines.image.platforms import Platform

PORT = 8080
LABEL = "org.opencontainers.image"
TITLE = "Stillhouse serving"


@dataclass(frozen=True)
class Sources:
    """Where the layers come from: a checkout's locks, and the cache; who is told of what takes long."""

    project: Path
    cache: Cache
    effort: base.Effort
    progress: Callable[[str], None]

    def base(self, platform: Platform) -> Base:
        """The base that is pinned for `platform`."""
        return base.find(self.project, platform, self.cache, self.effort, self.progress)


@dataclass(frozen=True)
class Lower:
    """The layers below a model's, how a container is started, and what the image says of itself.

    `missing` says what is missing (the base, or the bytecode for it), why, and what mends it.
    """

    layers: tuple[Layer, ...]
    run: Mapping[str, Any]
    annotations: Mapping[str, str]
    missing: str | None = None

    def alone(self, platform: Platform) -> layout.Content:
        """The image without a service and a model."""
        return _content(self, (), {f"{LABEL}.title": TITLE}, platform)

    def with_model(self, model: artifact.Model, upper: tuple[Layer, ...], platform: Platform) -> layout.Content:
        """The image of `model`, whose layers above these are `upper`.

        It tells neither commit nor time: those are not what it is made of.
        """
        return _content(self, upper, {f"{LABEL}.title": model.name, f"{LABEL}.version": model.version}, platform)


def make(sources: Sources, platform: Platform) -> Lower:
    """Base, dependencies and bytecode; what of them can't be had is told in `missing`.

    Raises ImageError where the dependencies can't be had.
    """
    installed = dependencies.layer(sources.project, platform, sources.cache)
    below, compiled, missing = _below(sources, platform, installed)
    told = {f"{LABEL}.base.name": below.name, f"{LABEL}.base.digest": below.digest} if below else {}
    layers = (*(below.layers if below else ()), installed, *compiled)
    return Lower(layers, _run(below.environment if below else {"PATH": base.PATH}), told, missing)


def read(manifest: Mapping[str, Any], config: Mapping[str, Any]) -> tuple[Lower, Platform]:
    """What an image without a model consists of, from its documents alone."""
    entries = zip(manifest["layers"], config["rootfs"]["diff_ids"], config["history"], strict=True)
    layers = tuple(
        Layer(
            made["created_by"].removeprefix(layout.CREATED_BY),
            entry["digest"],
            entry["size"],
            diff_id,
            media_type=entry["mediaType"],
        )
        for entry, diff_id, made in entries
    )
    told = {name: value for name, value in manifest["annotations"].items() if name != f"{LABEL}.title"}
    run = {name: value for name, value in config["config"].items() if name != "Labels"}
    return Lower(layers, run, told), platforms.find(f"{config['os']}/{config['architecture']}")


def _content(lower: Lower, upper: tuple[Layer, ...], told: Mapping[str, str], platform: Platform) -> layout.Content:
    annotations = {**told, **lower.annotations}
    return layout.Content((*lower.layers, *upper), platform, {**lower.run, "Labels": annotations}, annotations)


def _below(sources: Sources, platform: Platform, installed: Layer) -> tuple[Base | None, tuple[Layer, ...], str | None]:
    """The base, the bytecode for it and the dependencies, and what of both is missing and why."""
    below: Base | None = None
    try:
        below = sources.base(platform)
        if below.python is None:  # pulled: it brings its own bytecode
            return below, (), None
        compiler = sources.base(platforms.find(None))
        return below, (bytecode.layer(below, installed, compiler, sources.cache),), None
    except ImageError as error:
        return below, (), str(error) if below is None else f"the bytecode, so it starts slowly: {error}"


def _run(environment: Mapping[str, str]) -> dict[str, Any]:
    """How a container of the image is started."""
    environment = {
        **environment,
        "PYTHONPATH": f"/{app.APP}:/{dependencies.FOLDER}",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONSAFEPATH": "1",  # nothing is imported from the folder a container happens to start in
        "OPENBLAS_NUM_THREADS": "1",  # one worker a container: more threads cost memory and gain nothing
    }
    command = ["python3", "-m", "pipelines.serving", "--model", f"/{app.MODEL}", "--host", "0.0.0.0"]  # noqa: S104
    return {
        "Env": [f"{name}={value}" for name, value in sorted(environment.items())],
        "Entrypoint": [*command, "--port", str(PORT)],
        "User": f"{USER}:{USER}",
        "ExposedPorts": {f"{PORT}/tcp": {}},
        "WorkingDir": "/",
    }

"""Put a model's serving image together: base, dependencies, app and model, without a daemon and without root."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pipelines
from pipelines import artifact
from pipelines.image import app, base, bytecode, dependencies, layout, platforms
from pipelines.image.base import Base
from pipelines.image.cache import Cache, default_folder
from pipelines.image.debian import USER
from pipelines.image.errors import ImageError
from pipelines.image.layer import Layer
from pipelines.image.platforms import Platform

PORT = 8080
PROJECT = Path(pipelines.__file__).resolve().parents[1]
LABEL = "org.opencontainers.image"
INCOMPLETE = "incomplete"


@dataclass(frozen=True)
class Image:
    """An assembled image: its manifest's digest, the layout it lies in, and its layers from the bottom up.

    `model` is the model's content hash. `missing` says what is missing (the base, or the bytecode for it), why, and
    what mends it; it is None where the image is whole.
    """

    digest: str
    layout: Path
    tag: str
    platform: str
    model: str
    layers: tuple[Layer, ...]
    missing: str | None = None

    @property
    def size(self) -> int:
        """Bytes of all layers together."""
        return sum(layer.size for layer in self.layers)


def assemble(
    model: Path,
    out: Path,
    *,
    platform: str | None = None,
    project: Path = PROJECT,
    cache: Path | None = None,
    make_base: bool = True,
    try_again: bool = False,
    progress: Callable[[str], None] = lambda _: None,
) -> Image:
    """Write the serving image of the model in the folder `model` as an OCI layout to the folder `out`.

    The same model, code, lock files and platform give the same digest anywhere. What is slow to make comes from
    `cache`; with `make_base` a base that is not there is pulled or made (some seconds, once), and `progress` is told.
    Where that failed, it is tried again the next day, or at once with `try_again`.

    Raises ImageError for a model that can't be trusted and where dependencies can't be had; then `out` stays what
    it was.
    """
    target, kept = platforms.find(platform), Cache(cache or default_folder())
    trained, model_layer = app.model_layer(model)
    installed = dependencies.layer(project, target, kept)
    sources = _Sources(project, kept, base.Effort(make_base, try_again), progress)
    below, compiled, missing = _lower(sources, target, installed)
    layers = (*(below.layers if below else ()), installed, *compiled, app.app_layer(), model_layer)
    annotations = _annotations(trained, below)
    run = _run(below.environment if below else {"PATH": base.PATH}, annotations)
    tag = trained.version[:12] + (f"-{INCOMPLETE}" if missing else "")
    digest = layout.write(out, layout.Content(layers, target, run, annotations), tag)
    return Image(digest, out, tag, target.name, trained.version, layers, missing)


@dataclass(frozen=True)
class _Sources:
    """Where a base comes from."""

    project: Path
    cache: Cache
    effort: base.Effort
    progress: Callable[[str], None]

    def base(self, platform: Platform) -> Base:
        return base.find(self.project, platform, self.cache, self.effort, self.progress)


def _lower(
    sources: _Sources, platform: Platform, installed: Layer
) -> tuple[Base | None, tuple[Layer, ...], str | None]:
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


def _annotations(model: artifact.Model, below: Base | None) -> dict[str, str]:
    """What the image says of itself. It tells neither commit nor time: those are not what it is made of."""
    told = {f"{LABEL}.title": model.name, f"{LABEL}.version": model.version}
    if below:
        told |= {f"{LABEL}.base.name": below.name, f"{LABEL}.base.digest": below.digest}
    return told


def _run(environment: Mapping[str, str], labels: Mapping[str, str]) -> dict[str, Any]:
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
        "Labels": dict(labels),
    }

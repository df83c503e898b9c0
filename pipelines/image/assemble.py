"""Put a model's serving image together: base, dependencies, app and model, without a daemon and without root."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pipelines
from pipelines import artifact
from pipelines.image import app, base, dependencies, layout, platforms
from pipelines.image.base import Base, BaseMissing
from pipelines.image.cache import Cache, default_folder
from pipelines.image.debian import USER
from pipelines.image.layer import Layer

PORT = 8080
PROJECT = Path(pipelines.__file__).resolve().parents[1]
LABEL = "org.opencontainers.image"
WITHOUT_BASE = "without-base"


@dataclass(frozen=True)
class Image:
    """An assembled image: its manifest's digest, the layout it lies in, and its layers from the bottom up.

    `model` is the model's content hash. `missing` says what base is missing, why, and what mends it; it is None
    where the image is whole.
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
    progress: Callable[[str], None] = lambda _: None,
) -> Image:
    """Write the serving image of the model in the folder `model` as an OCI layout to the folder `out`.

    The same model, code, lock files and platform give the same digest anywhere. What is slow to make comes from
    `cache`; with `make_base` a base that is not there is pulled or made (some seconds, once), and `progress` is told.
    Raises ImageError for a model that can't be trusted and where dependencies can't be had; then `out` stays what
    it was.
    """
    target, kept = platforms.find(platform), Cache(cache or default_folder())
    trained, model_layer = app.model_layer(model)
    below, missing = _base(project, target, kept, make_base, progress)
    layers = (
        *(below.layers if below else ()),
        dependencies.layer(project, target, kept),
        app.app_layer(),
        model_layer,
    )
    annotations = _annotations(trained, below)
    run = _run(below.environment if below else {"PATH": base.PATH}, annotations)
    tag = trained.version[:12] + ("" if below else f"-{WITHOUT_BASE}")
    digest = layout.write(out, layout.Content(layers, target, run, annotations), tag)
    return Image(digest, out, tag, target.name, trained.version, layers, missing)


def _base(
    project: Path, platform: platforms.Platform, cache: Cache, make: bool, say: Callable[[str], None]
) -> tuple[Base | None, str | None]:
    try:
        return base.find(project, platform, cache, make, say), None
    except BaseMissing as error:
        return None, str(error)


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

"""Put a model's serving image together: base, dependencies, app and model, without a daemon and without root."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pipelines
from pipelines.image import app, base, layout, lower, platforms
from pipelines.image.cache import Cache, default_folder
from pipelines.image.layer import Layer

PROJECT = Path(pipelines.__file__).resolve().parents[1]
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
    below = lower.make(lower.Sources(project, kept, base.Effort(make_base, try_again), progress), target)
    content = below.with_model(trained, (app.app_layer(project), model_layer), target)
    tag = trained.version[:12] + (f"-{INCOMPLETE}" if below.missing else "")
    digest = layout.write(out, content, tag)
    return Image(digest, out, tag, target.name, trained.version, tuple(content.layers), below.missing)

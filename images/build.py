"""Build the images, each once: what is made from the same is not built again."""

from __future__ import annotations

import fcntl
import functools
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from images import layers, sbom, serving, tools
from images.errors import BuildError
from images.recipes import RECIPES, Recipe, Site
from pipelines.files import read_json, write_json
from pipelines.image import layout
from pipelines.image.cache import key

NAMES = ("base", "pipeline", "singleuser", "hub", "proxy", "serving")  # singleuser-gpu is built where it is asked for
_STATE = Path(".stillhouse")


@dataclass(frozen=True)
class Built:
    """A built image: `key` is what it was made from; `size` is the bytes of all its layers, unpacked.

    `stored` is what the tool's store has under its name, so that images can be built on it; empty for `serving`.
    """

    name: str
    key: str
    digest: str
    size: int
    packages: int
    stored: str


def layout_of(project: Path, name: str) -> Path:
    """The folder with the image `name`, as an OCI layout."""
    return project / _STATE / "images" / name


def sbom_of(project: Path, name: str) -> Path:
    """The file with the list of what is in the image `name`."""
    return project / _STATE / "sbom" / f"{name}.cdx.json"


class Builder:
    """Builds images of one checkout; `base` is an image to build on instead of our own (ours is not built then).

    With `again` it builds also what it has, from scratch, and expects the same.
    """

    def __init__(self, site: Site, base: str | None = None, again: bool = False) -> None:
        if base and "@sha256:" not in base:
            raise BuildError(f"{base}: write the base as NAME@sha256:…, so that it can't change under you.")
        self._site, self._base, self._again = site, base, again
        self._done: dict[str, Built] = {}
        # The store is everybody's on this machine: each checkout has its own names in it.
        self._tag = key(str(site.project.resolve()))[:12]

    def build(self, name: str) -> Built:
        """The image `name`, built where what it is made from has changed; what lies below it first."""
        if name not in self._done:
            with _alone(layout_of(self._site.project, name)):
                self._done[name] = self._serving() if name == "serving" else self._from_recipe(RECIPES[name])
        return self._done[name]

    def _from_recipe(self, recipe: Recipe) -> Built:
        own = None if self._base and recipe.below == "base" else recipe.below
        below = self.build(own) if own else None
        made_from = key(recipe.key(self._site), below.digest if below else self._base or "")
        if found := self._kept(recipe.name, made_from):
            return found
        folder = layout_of(self._site.project, recipe.name)
        with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".aside-") as aside:
            context = Path(aside) / "context"
            context.mkdir()
            recipe.lay_out(self._site, context)
            self._site.say(f"{recipe.name}: building")
            self._tool.build(self._stored(recipe.name), context, self._stored(own) if own else self._base)
            saved = self._tool.save(self._stored(recipe.name), Path(aside) / "saved")
            shared = layers.blobs_of([layout_of(self._site.project, name) for name in (*RECIPES, "serving")])
            layers.write(saved, recipe.name, shared, self._site.platform, folder)
        return self._keep(recipe.name, made_from)

    @functools.cached_property
    def _tool(self) -> tools.Tool:
        return tools.find(self._site.cache.folder / "containers")

    def _stored(self, name: str) -> str:
        return f"localhost/stillhouse/{name}:{self._tag}"

    def _serving(self) -> Built:
        folder = layout_of(self._site.project, "serving")
        made = serving.write(self._site, folder)
        return self._kept("serving", made) or self._keep("serving", made)

    def _kept(self, name: str, made_from: str) -> Built | None:
        """What was built of the same before, if it is still there."""
        kept = read_json(self._note(name))
        if self._again or not kept or kept["key"] != made_from or not sbom_of(self._site.project, name).is_file():
            return None
        folder = layout_of(self._site.project, name)
        if not (folder / "index.json").is_file() or layout.read(folder)[0].digest != kept["digest"]:
            return None
        if name != "serving" and self._tool.id_of(self._stored(name)) != kept.get("stored"):
            return None
        return Built(**kept)

    def _keep(self, name: str, made_from: str) -> Built:
        folder = layout_of(self._site.project, name)
        manifest, parts = layout.read(folder)
        packages = sbom.write(name, folder, self._site.platform, sbom_of(self._site.project, name))
        size = sum(blob.size for blob in parts[1:])
        stored = "" if name == "serving" else self._tool.id_of(self._stored(name))
        before = read_json(self._note(name))
        if before and before["key"] == made_from and before["digest"] != manifest.digest:
            self._site.say(f"{name}: NOTICE: of the same inputs it was {before['digest']} before")
        built = Built(name, made_from, manifest.digest, size, packages, stored)
        write_json(self._note(name), asdict(built))
        return built

    def _note(self, name: str) -> Path:
        return layout_of(self._site.project, name).with_suffix(".json")


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Let one process at a time build an image."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with (folder.parent / f".{folder.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield

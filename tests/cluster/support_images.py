"""The images that the cluster itself runs, put together from its programs without a builder, and pushed."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipelines.image import layout as oci
from pipelines.image import platforms, registry
from pipelines.image.cache import key
from pipelines.image.layer import Entry, File, Folder, Layer, Link, write
from tests.cluster import layout as at
from tests.cluster import services_root
from tests.cluster.commands import Steps
from tests.cluster.layout import PARTS, Layout

USER = 10001
PATH = "/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
CERTIFICATES = Path("/etc/ssl/certs/ca-certificates.crt")
BUSYBOX = Path("/bin/busybox")


@dataclass(frozen=True)
class Recipe:
    """An image: what it adds, its user, what it starts; `root` where it stands on Debian."""

    name: str
    entries: Mapping[str, Entry]
    start: tuple[str, ...]
    user: int = USER
    root: bool = False

    def config(self) -> dict[str, Any]:
        """How a container of it is started."""
        return {"User": str(self.user), "Entrypoint": list(self.start), "Env": [f"PATH={PATH}"]}

    def key(self) -> str:
        """What the image depends on."""
        parts = [self.name, repr(self.config())]
        for name, entry in sorted(self.entries.items()):
            content = entry.content if isinstance(entry, File) else None
            # A kept program's path says what it was built from; others are read.
            seen = hashlib.sha256(content.read_bytes()).hexdigest() if isinstance(content, Path) else repr(entry)
            parts += [name, seen]
        return key(*parts, services_root.key() if self.root else "")


def recipes(programs: Mapping[str, Path]) -> list[Recipe]:
    """All of them."""

    def alone(name: str, program: str, **more: Any) -> Recipe:
        entries: dict[str, Entry] = {
            f"bin/{program}": File(programs[program], executable=True),
            "etc/ssl/certs/ca-certificates.crt": File(CERTIFICATES),
            "tmp": Folder(0o1777),
        }
        return Recipe(name, entries, (f"/bin/{program}",), **more)

    shell: dict[str, Entry] = {
        "bin/busybox": File(BUSYBOX, executable=True),
        **{f"bin/{name}": Link("busybox") for name in ("sh", "mkdir", "rm", "sleep", "cat")},
        "tmp": Folder(0o1777),
    }
    return [
        Recipe("busybox", shell, ("/bin/busybox", "sleep", "2147483647")),
        # Its own user is root: it makes the volumes' folders.
        Recipe("volume-helper", shell, ("/bin/sh",), user=0),
        alone("coredns", "coredns"),
        alone("local-path", "local-path-provisioner"),
        alone("metrics-server", "metrics-server"),
        alone("workflow-controller", "workflow-controller"),
        alone("argoexec", "argoexec"),
        Recipe("services", _services(programs), ("/bin/false",), root=True),
    ]


def ensure(layout: Layout, programs: Mapping[str, Path], steps: Steps) -> dict[str, str]:
    """Have each image made and in the registry; returns name → reference by digest, as pods pull it."""
    references = {}
    for recipe in recipes(programs):
        folder = layout.cache / "images" / f"{recipe.name}-{recipe.key()[:16]}"
        if not (folder / "index.json").is_file():
            _make(layout, recipe, folder)
            steps.done(f"image {recipe.name}")
        digest = registry.push(folder, f"{at.REGISTRY_PUSH}/cluster/{recipe.name}:1", _silent)
        references[recipe.name] = f"{at.REGISTRY_PULL}/cluster/{recipe.name}@{digest}"
    return references


def _services(programs: Mapping[str, Path]) -> dict[str, Entry]:
    entries: dict[str, Entry] = {"usr/local/bin/versitygw": File(programs["versitygw"], executable=True)}
    for path in sorted((PARTS / "services").iterdir()):
        entries[f"opt/services/{path.name}"] = File(path, executable=path.suffix != ".conf")
    return entries


def _make(layout: Layout, recipe: Recipe, folder: Path) -> None:
    with _aside(folder) as aside:
        path = aside / "layer.tar"
        with path.open("wb") as stream:
            digest, size = write(recipe.entries, stream)
        layers = [Layer(recipe.name, digest, size, digest, path=path)]
        if recipe.root:
            layers.insert(0, services_root.layer(layout))
        oci.write(folder, oci.Content(layers, platforms.find(None), recipe.config()), recipe.name)


@contextmanager
def _aside(folder: Path) -> Iterator[Path]:
    aside = folder.with_name(f".aside-{folder.name}")
    shutil.rmtree(aside, ignore_errors=True)
    aside.mkdir(parents=True)
    try:
        yield aside
    finally:
        shutil.rmtree(aside)


def _silent(_: str) -> None:
    """A push tells of its blobs; here nobody needs to know."""

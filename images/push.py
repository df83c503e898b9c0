"""Push built images, and note by which references the cluster pulls them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from images.build import NAMES, Built, layout_of
from images.errors import BuildError
from pipelines.files import read_json, write_json
from pipelines.image import registry

REFERENCES = Path(".stillhouse") / "images.json"
_CLUSTER = Path(".stillhouse") / "cluster.json"


@dataclass(frozen=True)
class Target:
    """A registry: where this machine pushes, the name by which the cluster pulls, and whether it speaks plain HTTP."""

    push: str
    pull: str
    insecure: bool = False


def target_of(project: Path, given: str | None, insecure: bool) -> Target | None:
    """The registry `given` (REGISTRY/PREFIX), or else that of the checkout's running test cluster; None without one."""
    if given:
        return Target(given.rstrip("/"), given.rstrip("/"), insecure)
    cluster = read_json(project / _CLUSTER)
    if cluster is None:
        return None
    names = cluster["registry"]
    return Target(f"{names['push']}/stillhouse", f"{names['pull']}/stillhouse", insecure=True)


def push(project: Path, image: Built, target: Target, say: Callable[[str], None]) -> str:
    """Push `image`, note the reference by which it is pulled, and return that."""
    place = f"{target.push}/{image.name}:{image.digest.partition(':')[2][:12]}"
    prefix = target.push.partition("/")[2]
    beside = [f"{prefix}/{name}" for name in NAMES if name != image.name]
    digest = registry.push(layout_of(project, image.name), place, say, insecure=target.insecure, beside=beside)
    if digest != image.digest:
        raise BuildError(f"{place}: it was changed while it was pushed. Build it again: python -m images {image.name}")
    reference = f"{target.pull}/{image.name}@{digest}"
    write_json(project / REFERENCES, {**(read_json(project / REFERENCES) or {}), image.name: reference})
    return reference

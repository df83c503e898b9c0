"""The serving image without a model: what `stillhouse image`, and the release on a cluster, put models on."""

from __future__ import annotations

from pathlib import Path

from images.errors import BuildError
from images.recipes import Site
from pipelines.image import base, layout, lower

TAG = "serving"


def write(site: Site, folder: Path) -> str:
    """Write it as an OCI layout to `folder`; return its digest. What is slow to make comes from the cache.

    Where Debian no longer has what the lock names, it is made of the newest packages, and that is said.
    """
    sources = lower.Sources(site.project, site.cache, base.Effort(newest=True), site.say)
    made = lower.make(sources, site.platform)
    if made.missing:
        raise BuildError(f"the serving image can't be made whole: {made.missing}")
    return layout.write(folder, made.alone(site.platform), TAG)

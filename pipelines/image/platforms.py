"""The platforms an image can be made for, in the words of each tool."""

from __future__ import annotations

import platform
from dataclasses import dataclass

from pipelines.image.errors import ImageError


@dataclass(frozen=True)
class Platform:
    """`name` as registries write it, `wheels` as uv does, `debian` as Debian names the architecture."""

    name: str
    architecture: str
    wheels: str
    debian: str


PLATFORMS = {
    each.name: each
    for each in (
        Platform("linux/amd64", "amd64", "x86_64-manylinux_2_28", "amd64"),
        Platform("linux/arm64", "arm64", "aarch64-manylinux_2_28", "arm64"),
    )
}
_MACHINES = {"x86_64": "amd64", "amd64": "amd64", "aarch64": "arm64", "arm64": "arm64"}


def here() -> str:
    """The platform that this machine runs; linux/amd64 where it is one we make no images for."""
    return f"linux/{_MACHINES.get(platform.machine().lower(), 'amd64')}"


def find(name: str | None) -> Platform:
    """The platform called `name`, or this machine's; ImageError lists what there is."""
    try:
        return PLATFORMS[name or here()]
    except KeyError:
        raise ImageError(f"no images are made for {name!r}; choose one of {', '.join(PLATFORMS)}.") from None

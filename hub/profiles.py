"""The kinds of server that a user may choose from."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from traitlets.config import Config

from hub.errors import HubError
from hub.quantity import size_in_bytes
from hub.settings import Profile, Settings


def update_profiles(c: Config, settings: Settings) -> None:
    """One KubeSpawner profile each, in their order; the first is the default."""
    names = [profile.name for profile in settings.profiles]
    for index, name in enumerate(names):
        if name in names[:index]:
            raise HubError(f"profiles[{index}].name: {name!r} is already the name of another profile.")
    c.KubeSpawner.profile_list = [
        {
            "slug": profile.name,
            "display_name": profile.title,
            "description": profile.description,
            "default": index == 0,
            "kubespawner_override": override(profile, settings.servers.image, f"profiles[{index}]"),
        }
        for index, profile in enumerate(settings.profiles)
    ]


def override(profile: Profile, image: str, where: str) -> dict[str, Any]:
    """The spawner's traits in a profile: every one always, so that nothing stays of a profile chosen before."""
    guarantee = size_in_bytes(profile.memory.guarantee, f"{where}.memory.guarantee")
    limit = size_in_bytes(profile.memory.limit, f"{where}.memory.limit")
    if guarantee > limit:
        raise HubError(
            f"{where}.memory: the guarantee ({profile.memory.guarantee}) is over the limit ({profile.memory.limit})."
        )
    if profile.cpu.guarantee > profile.cpu.limit:
        raise HubError(f"{where}.cpu: the guarantee ({profile.cpu.guarantee}) is over the limit ({profile.cpu.limit}).")
    return {
        "image": profile.image or image,
        "cpu_guarantee": profile.cpu.guarantee,
        "cpu_limit": profile.cpu.limit,
        "mem_guarantee": guarantee,
        "mem_limit": limit,
        "extra_resource_limits": {profile.gpu.resource: str(profile.gpu.count)} if profile.gpu else {},
        "node_selector": dict(profile.node_selector),
        "tolerations": [without_none(asdict(toleration)) for toleration in profile.tolerations],
        "extra_labels": {"stillhouse.dev/profile": profile.name},
    }


def without_none(data: dict[str, Any]) -> dict[str, Any]:
    """What is set in a dataclass's fields."""
    return {name: one for name, one in data.items() if one is not None}

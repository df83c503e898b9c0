"""The volume of each user, mounted where every Jupyter image has its home."""

from __future__ import annotations

from traitlets.config import Config

from hub.settings import Settings

HOME = "/home/jovyan"


def update_homes(c: Config, settings: Settings) -> None:
    """A volume a user, made at the first start and never removed by the hub."""
    c.KubeSpawner.storage_pvc_ensure = True
    c.KubeSpawner.delete_pvc = False
    c.KubeSpawner.pvc_name_template = "home-{username}"
    c.KubeSpawner.storage_capacity = settings.homes.size
    c.KubeSpawner.storage_access_modes = ["ReadWriteOnce"]
    if settings.homes.storage_class:
        c.KubeSpawner.storage_class = settings.homes.storage_class
    c.KubeSpawner.volumes = {
        "home": {"name": "home", "persistentVolumeClaim": {"claimName": "{pvc_name}"}},
        "tmp": {"name": "tmp", "emptyDir": {}},
    }
    c.KubeSpawner.volume_mounts = {
        "home": {"name": "home", "mountPath": HOME},
        "tmp": {"name": "tmp", "mountPath": "/tmp"},  # noqa: S108  # a volume of this pod alone
    }
    c.KubeSpawner.working_dir = HOME

"""Each user has a volume, which the hub never removes."""

from __future__ import annotations

from dataclasses import replace

from hub.homes import update_homes
from hub.settings import Homes


def test_a_home_is_made_once_a_user_and_never_removed(c, settings):
    update_homes(c, settings)
    assert c.KubeSpawner.storage_pvc_ensure is True
    assert c.KubeSpawner.delete_pvc is False
    assert c.KubeSpawner.pvc_name_template == "home-{username}"
    assert c.KubeSpawner.storage_capacity == "5Gi"
    assert "storage_class" not in c.KubeSpawner


def test_a_storage_class_is_taken_if_one_is_named(c, settings):
    update_homes(c, replace(settings, homes=Homes("1Gi", "fast")))
    assert c.KubeSpawner.storage_class == "fast"


def test_every_mounted_volume_is_there(c, settings):
    update_homes(c, settings)
    mounts = {mount["mountPath"]: mount["name"] for mount in c.KubeSpawner.volume_mounts.values()}
    assert mounts == {"/home/jovyan": "home", "/tmp": "tmp"}
    assert set(mounts.values()) == {volume["name"] for volume in c.KubeSpawner.volumes.values()}
    assert c.KubeSpawner.working_dir == "/home/jovyan"

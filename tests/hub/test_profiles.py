"""What a user may choose from."""

from __future__ import annotations

from dataclasses import replace

import pytest

from hub.errors import HubError
from hub.profiles import update_profiles
from hub.settings import Cores, Memory


def profiles(c, settings):
    update_profiles(c, settings)
    return {profile["slug"]: profile for profile in c.KubeSpawner.profile_list}


def test_each_profile_is_offered_in_order_and_the_first_is_the_default(c, settings):
    offered = profiles(c, settings)
    assert list(offered) == ["cpu", "gpu"]
    assert [profile["default"] for profile in offered.values()] == [True, False]
    assert offered["gpu"]["display_name"] == "GPU"
    assert offered["gpu"]["description"] == "One GPU."


def test_a_cpu_profile_sets_size_and_place(c, settings):
    assert profiles(c, settings)["cpu"]["kubespawner_override"] == {
        "image": settings.servers.image,
        "cpu_guarantee": 0.1,
        "cpu_limit": 2.0,
        "mem_guarantee": 512 << 20,
        "mem_limit": 2 << 30,
        "extra_resource_limits": {},
        "node_selector": {"pool": "cpu"},
        "tolerations": [],
        "extra_labels": {"stillhouse.dev/profile": "cpu"},
    }


def test_a_gpu_profile_asks_for_gpus_and_tolerates_their_taint(c, settings):
    override = profiles(c, settings)["gpu"]["kubespawner_override"]
    assert override["extra_resource_limits"] == {"nvidia.com/gpu": "2"}
    assert override["tolerations"] == [{"operator": "Exists", "key": "nvidia.com/gpu", "effect": "NoSchedule"}]
    assert override["image"].startswith("registry.example/gpu@")


def test_every_profile_sets_the_same_traits(c, settings):
    """Or what one sets would stay when its user takes another."""
    cpu, gpu = (profile["kubespawner_override"] for profile in profiles(c, settings).values())
    assert set(cpu) == set(gpu)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"memory": Memory("2Gi", "1Gi")}, r"profiles\[1\]\.memory: the guarantee \(2Gi\) is over the limit \(1Gi\)"),
        ({"cpu": Cores(2, 1)}, r"profiles\[1\]\.cpu: the guarantee \(2\) is over the limit \(1\)"),
        ({"memory": Memory("2Gi", "1G")}, r"profiles\[1\]\.memory\.limit: '1G' must be"),
        ({"name": "cpu"}, r"profiles\[1\]\.name: 'cpu' is already the name"),
    ],
)
def test_a_profile_that_contradicts_itself_is_refused(c, settings, change, message):
    cpu, gpu = settings.profiles
    with pytest.raises(HubError, match=message):
        update_profiles(c, replace(settings, profiles=(cpu, replace(gpu, **change))))

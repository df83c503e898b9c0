"""The pods that our spawner makes, and what it tells when they don't start."""

from __future__ import annotations

import asyncio
import json
from types import SimpleNamespace

import pytest
from jupyterhub.utils import format_exception
from kubernetes_asyncio.client import ApiClient
from kubespawner import KubeSpawner
from pod_security import breaches

from hub.homes import update_homes
from hub.profiles import update_profiles
from hub.servers import update_pod_security, update_servers
from hub.spawner import StartError, StillhouseSpawner
from hub.why import Why

KUBECONFIG = {
    "current-context": "none",
    "contexts": [{"name": "none", "context": {"cluster": "none", "user": "none"}}],
    "clusters": [{"name": "none", "cluster": {"server": "http://127.0.0.1:9"}}],
    "users": [{"name": "none", "user": {}}],
}


@pytest.fixture
def configured(c, settings, tmp_path, monkeypatch):
    """The spawners' configuration, where Kubernetes is known but never asked."""
    (tmp_path / "kubeconfig").write_text(json.dumps(KUBECONFIG), encoding="utf-8")
    default = "kubernetes_asyncio.config.kube_config.KUBE_CONFIG_DEFAULT_LOCATION"
    monkeypatch.setattr(default, str(tmp_path / "kubeconfig"))
    update_servers(c, settings)
    update_pod_security(c)
    update_homes(c, settings)
    update_profiles(c, settings)
    return c


async def spawner(config, **traits):
    """A spawner of ours; its client of Kubernetes, which is never used, closes itself once it had a moment."""
    one = StillhouseSpawner(config=config, _mock=True, **traits)
    await asyncio.sleep(0)
    return one


def manifest(config, options):
    """The pod, as Kubernetes would get it, of a user who chose `options`."""

    async def made():
        one = await spawner(config)
        one.api_token = "token"
        one.oauth_client_id = "client"
        one.user_options = options
        await one.load_user_options()
        async with ApiClient() as client:
            return client.sanitize_for_serialization(await one.get_pod_manifest())

    return asyncio.run(made())


@pytest.mark.parametrize("options", [{}, {"profile": "cpu"}, {"profile": "gpu"}])
def test_every_pod_passes_restricted(configured, options):
    pod = manifest(configured, options)
    assert breaches(pod["spec"]) == []
    assert pod["spec"]["containers"][0]["securityContext"]["readOnlyRootFilesystem"] is True


def test_kubespawners_own_pod_would_not(configured):
    """That is, the check above can fail."""
    del configured.KubeSpawner["container_security_context"]
    assert breaches(manifest(configured, {})["spec"])


def test_no_pod_has_a_token_of_the_cluster(configured):
    assert manifest(configured, {})["spec"]["automountServiceAccountToken"] is False


def test_a_gpu_server_asks_for_gpus_on_the_gpu_pool(configured):
    spec = manifest(configured, {"profile": "gpu"})["spec"]
    assert spec["nodeSelector"] == {"pool": "gpu"}
    assert spec["tolerations"] == [{"key": "nvidia.com/gpu", "operator": "Exists", "effect": "NoSchedule"}]
    assert spec["containers"][0]["resources"]["limits"]["nvidia.com/gpu"] == "2"
    assert spec["containers"][0]["resources"]["limits"]["memory"] == 4 << 30


def test_a_server_without_a_choice_is_of_the_first_profile(configured):
    pod = manifest(configured, {})
    assert pod["spec"]["nodeSelector"] == {"pool": "cpu"}
    assert pod["metadata"]["labels"]["stillhouse.dev/profile"] == "cpu"
    assert "nvidia.com/gpu" not in pod["spec"]["containers"][0]["resources"]["limits"]


def test_home_and_tmp_are_all_that_can_be_written_to(configured):
    spec = manifest(configured, {})["spec"]
    assert {mount["mountPath"] for mount in spec["containers"][0]["volumeMounts"]} == {"/home/jovyan", "/tmp"}
    home = next(volume for volume in spec["volumes"] if volume["name"] == "home")
    assert home["persistentVolumeClaim"]["claimName"].startswith("home-mock")


def test_the_image_decides_how_it_is_entered(configured):
    """Our images enter by tini, which a `command` would replace."""
    container = manifest(configured, {})["spec"]["containers"][0]
    assert "command" not in container
    assert container["args"][0] == "jupyterhub-singleuser"


def test_a_profile_that_is_not_there_is_refused_with_those_that_are(configured):
    with pytest.raises(StartError) as told:
        manifest(configured, {"profile": "huge"})
    assert told.value.status_code == 400
    assert told.value.message == "No such profile: huge. Options include: cpu, gpu"


def test_a_failure_is_what_each_of_jupyterhubs_ways_tells():
    error = StartError(Why("room", "no node has room"))
    assert format_exception(error, only_jupyterhub=True) == ("no node has room", None)  # its page
    assert (error.message, error.reason, error.status_code) == ("no node has room", "room", 500)  # its API, its metrics


# --- Starts that fail ---------------------------------------------------------------------------------------------


def started(config, monkeypatch, start, seconds=2):
    """Our start, with `start` in place of KubeSpawner's own."""

    async def run():
        one = await spawner(config, start_timeout=seconds)
        monkeypatch.setattr(KubeSpawner, "start", lambda self: start(self))
        return await one.start()

    return asyncio.run(run())


def test_the_address_of_a_started_server_is_returned(configured, monkeypatch):
    async def start(one):
        return "http://10.0.0.7:8888"

    assert started(configured, monkeypatch, start) == "http://10.0.0.7:8888"


def test_a_start_that_takes_too_long_says_why_before_jupyterhubs_limit(configured, monkeypatch):
    async def start(one):
        await asyncio.sleep(60)

    with pytest.raises(StartError) as told:
        started(configured, monkeypatch, start)
    assert told.value.reason == "timeout"
    assert "Kubernetes has not told of its pod" in told.value.message


def test_a_request_to_kubernetes_that_takes_too_long_says_which(configured, monkeypatch):
    async def start(one):
        raise TimeoutError("Could not create pod users/server-ada!")

    with pytest.raises(StartError) as told:
        started(configured, monkeypatch, start)
    assert told.value.message == "Could not create pod users/server-ada! Try again."


def test_a_pod_that_kubespawner_gave_up_on_says_what_it_waited_for(configured, monkeypatch):
    condition = {"type": "PodScheduled", "status": "False", "message": "no GPU is free"}

    async def start(one):
        pods = {f"{one.namespace}/{one.pod_name}": {"status": {"conditions": [condition]}}}
        monkeypatch.setitem(one.reflectors, ("pods", one.namespace), SimpleNamespace(pods=pods))
        raise TimeoutError("pod users/server-ada did not start in 2 seconds!")

    with pytest.raises(StartError) as told:
        started(configured, monkeypatch, start)
    assert told.value.reason == "room"
    assert "(no GPU is free)" in told.value.message


def test_a_pod_that_will_never_run_ends_the_wait_at_once(configured, monkeypatch):
    pod = {"status": {"phase": "Failed", "message": "evicted"}}

    async def start(one):
        while not one.is_pod_running(pod):
            await asyncio.sleep(0.01)

    with pytest.raises(StartError) as told:
        started(configured, monkeypatch, start)
    assert told.value.reason == "failed"
    assert told.value.message == "The server was stopped by its node: evicted. Start it again."


def test_a_pod_that_may_still_run_is_waited_for(configured):
    async def run():
        one = await spawner(configured)
        return one.is_pod_running(None), one.is_pod_running({"status": {"phase": "Pending"}})

    assert asyncio.run(run()) == (False, False)


def test_the_reason_is_what_jupyterhub_counts(configured, monkeypatch):
    monkeypatch.setattr("hub.spawner.hopeless", lambda pod: Why("memory", "too small"))

    async def run():
        (await spawner(configured)).is_pod_running({})

    with pytest.raises(StartError) as told:
        asyncio.run(run())
    assert told.value.reason == "memory"

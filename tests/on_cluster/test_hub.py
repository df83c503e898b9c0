"""The hub on a real cluster: installed by helm, logged in to, and its servers where their profiles say."""

from __future__ import annotations

import html
import json
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from pod_security import breaches

from pipelines.files import read_json
from tests.cluster import evidence
from tests.cluster.commands import wait_until
from tests.cluster.errors import ClusterError
from tests.cluster.handle import Cluster
from tests.on_cluster.hub_client import HubClient, logged_in
from tests.on_cluster.installed import Installed, namespaces, namespaces_of

ROOT = Path(__file__).resolve().parents[2]
ARTIFACTS = Path(os.environ.get("STILLHOUSE_ARTIFACTS") or ROOT / ".stillhouse" / "test")
NAME = "hubtest"
ABSENT = "sha256:" + "0" * 64
START_TIMEOUT = 30
LOGIN_BAR = 15.0  # seconds from `helm install` to a login page, on a machine that does nothing else
BUSY = 2  # how many times that may be where it does: what this notices is an install that got slow, not a neighbour


def profiles(images: dict[str, str]) -> list[dict[str, object]]:
    """The two that there are by default, and two that can't start."""
    size = {"cpu": {"guarantee": 0.05, "limit": 2}, "memory": {"guarantee": "128Mi", "limit": "2Gi"}}
    gpu = {"key": "nvidia.com/gpu", "operator": "Exists", "effect": "NoSchedule"}
    absent = f"{images['singleuser'].partition('@')[0]}@{ABSENT}"
    return [
        {"name": "cpu", "title": "CPU", "nodeSelector": {"pool": "cpu"}, **size},
        {
            "name": "gpu",
            "title": "GPU",
            "nodeSelector": {"pool": "gpu"},
            "tolerations": [gpu],
            "gpu": {"resource": "nvidia.com/gpu", "count": 1},
            **size,
        },
        {"name": "huge", "title": "Huge", "gpu": {"resource": "nvidia.com/gpu", "count": 99}, **size},
        {"name": "absent", "title": "Absent", "image": absent, "nodeSelector": {"pool": "cpu"}, **size},
    ]


@pytest.fixture(scope="module")
def images(cluster: Cluster) -> dict[str, str]:
    """Every image that the chart wants, by digest."""
    made = read_json(ROOT / ".stillhouse" / "images.json")
    if made is None:
        pytest.skip("no images were pushed to this cluster: make images")
    wanted = ("hub", "proxy", "singleuser", "pipeline", "serving")
    own = {name: made[name] for name in wanted}
    return {**own, "workflowController": cluster.info.argo.controller, "argoExecutor": cluster.info.argo.executor}


@pytest.fixture(scope="module")
def release(cluster: Cluster, images: dict[str, str], request: pytest.FixtureRequest) -> Iterator[Installed]:
    """Namespaces, and the images on the nodes; the platform itself is not there yet."""
    failed = request.session.testsfailed
    names = {part: name for part, name in namespaces_of(NAME).items() if part != "hub"}
    values = {
        "images": images,
        "namespaces": names,
        "hub": {"trial": True, "admins": ["root"]},
        "servers": {"startTimeout": START_TIMEOUT, "environment": {"GIT_URL": cluster.info.git.url}},
        "homes": {"size": "16Mi"},
        "profiles": profiles(images),
    }
    installed = Installed(cluster, NAME, values)
    with namespaces(cluster, NAME):
        pull(installed, images)
        yield installed
        if request.session.testsfailed > failed:
            for namespace in (NAME, installed.users):
                evidence.keep(cluster.kubectl, namespace, evidence.folder_of(ARTIFACTS, namespace))
        installed.helm("uninstall", NAME, "--namespace", NAME, "--wait", "--timeout", "2m")


def pull(installed: Installed, images: dict[str, str]) -> None:
    """See to it that each image is on the nodes that use it, as after any earlier start."""
    pods = []
    for name, pool in (("hub", "cpu"), ("proxy", "cpu"), ("singleuser", "cpu"), ("singleuser", "gpu")):
        security = {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}
        container = {"name": "pull", "image": images[name], "command": ["true"], "securityContext": security}
        spec = {
            "restartPolicy": "Never",
            "nodeSelector": {"pool": pool},
            "tolerations": [{"operator": "Exists"}],
            "securityContext": {"runAsNonRoot": True, "runAsUser": 10001, "seccompProfile": {"type": "RuntimeDefault"}},
            "containers": [container],
        }
        pods.append({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": f"pull-{name}-{pool}"}, "spec": spec})
    kubectl, where = installed.cluster.kubectl, ("--namespace", installed.users)
    names = [f"pod/{pod['metadata']['name']}" for pod in pods]
    kubectl("apply", *where, "--filename=-", stdin=json.dumps({"apiVersion": "v1", "kind": "List", "items": pods}))
    kubectl("wait", *where, "--for=jsonpath={.status.phase}=Succeeded", "--timeout=300s", *names, seconds=310)
    kubectl("delete", *where, "--wait=false", *names)


@dataclass(frozen=True)
class Hub:
    """The installed hub: its address on this machine, and the seconds from `helm install` to its login page."""

    address: str
    seconds: float


@pytest.fixture(scope="module")
def hub(release: Installed) -> Hub:
    """The hub, once its login page can be used."""
    begun = time.monotonic()
    release.install()
    helm = time.monotonic() - begun
    wait_until("a ready proxy", 60, lambda: ready(release, "proxy"))
    address = release.cluster.url(f"http://{NAME}-proxy.{NAME}.svc")
    wait_until("a login page", 60, lambda: usable(address))
    seconds = time.monotonic() - begun
    print(f"\nhelm install {helm:.1f} s, login page after {seconds:.1f} s")
    return Hub(address, seconds)


@pytest.fixture(scope="module")
def address(hub: Hub) -> str:
    return hub.address


def ready(release: Installed, part: str) -> bool:
    deployment = release.cluster.kubectl.get("deployment", f"{NAME}-{part}", "--namespace", NAME)
    return deployment["status"].get("readyReplicas") == 1


def usable(address: str) -> bool:
    try:
        answer = httpx.get(f"{address}/hub/login", follow_redirects=True, timeout=5)
    except httpx.TransportError:
        return False
    return answer.status_code == 200 and 'name="password"' in answer.text


@pytest.fixture(scope="module")
def password(address: str, release: Installed) -> str:
    """The password that was generated."""
    return release.secret(f"{NAME}-keys")["password"]


@pytest.fixture
def ada(address: str, password: str) -> Iterator[HubClient]:
    with logged_in(address, "ada", password) as client:
        yield client
        if client.server():
            client.stop()


@pytest.fixture
def eve(address: str, password: str) -> Iterator[HubClient]:
    with logged_in(address, "eve", password) as client:
        yield client
        if client.server():
            client.stop()


def test_helm_installs_a_hub_that_one_can_log_in_to_soon(hub, ada):
    assert ada.server() is None
    print(f"helm install to login page: {hub.seconds:.1f} s")
    assert hub.seconds <= LOGIN_BAR * BUSY


def test_a_wrong_password_is_refused(address):
    with pytest.raises(AssertionError, match="eve was not let in"), logged_in(address, "eve", "a wrong password"):
        pass


@pytest.mark.parametrize("profile", ["cpu", "gpu"])
def test_a_server_runs_on_the_node_of_its_profile_and_passes_restricted(profile, ada, release):
    seconds = ada.start(profile)
    print(f"\n{profile} server {seconds:.1f} s")
    (pod,) = release.server_pods("ada")
    node = release.cluster.kubectl.get("node", pod["spec"]["nodeName"])
    assert node["metadata"]["labels"]["pool"] == profile
    limits = pod["spec"]["containers"][0]["resources"]["limits"]
    assert limits.get("nvidia.com/gpu") == ("1" if profile == "gpu" else None)
    assert breaches(pod["spec"]) == []


def test_the_users_namespace_refuses_what_is_not_restricted(release):
    """So the pods above were not just well-behaved: they had to be."""
    kubectl = release.cluster.kubectl
    namespace = kubectl.get("namespace", release.users)
    assert namespace["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == "restricted"
    image = release.values["images"]["hub"]
    with pytest.raises(ClusterError, match="violates PodSecurity"):
        kubectl("run", "root", "--image", image, "--namespace", release.users, "--dry-run=server")


def test_a_home_follows_its_user_from_the_cpu_to_the_gpu_node(ada):
    ada.start("cpu")
    note = {"type": "file", "format": "text", "content": "kept"}
    assert ada.contents("PUT", "note.txt", note).status_code in (200, 201)
    ada.stop()
    ada.start("gpu")
    assert ada.contents("GET", "note.txt").json()["content"] == "kept"


def test_a_server_has_nothing_secret_and_no_rights(ada, release):
    ada.start("cpu")
    (pod,) = release.server_pods("ada")
    mounts = {mount["mountPath"] for mount in pod["spec"]["containers"][0]["volumeMounts"]}
    assert mounts == {"/home/jovyan", "/tmp"}
    environment = release.cluster.kubectl("exec", "--namespace", release.users, pod["metadata"]["name"], "--", "env")
    info = release.cluster.info
    assert "HOME=/home/jovyan" in environment
    assert f"GIT_URL={info.git.url}" in environment
    for secret in (*release.secret(f"{NAME}-keys").values(), info.s3.secret_key, info.git.password):
        assert secret not in environment


def test_a_server_lives_on_while_the_hub_restarts(ada, release, address):
    ada.start("cpu")
    token = ada.token()
    before = uids(release.server_pods("ada"))
    labels = {"app.kubernetes.io/component": "hub", "app.kubernetes.io/instance": NAME}
    (hub,) = release.objects("pods", NAME, labels)
    with visits(f"{address}/user/ada/api/status", token) as seen:
        begun = time.monotonic()
        release.cluster.kubectl("delete", "pod", hub["metadata"]["name"], "--namespace", NAME)
        wait_until("the hub's API", 60, lambda: answers(address, token))
        seconds = time.monotonic() - begun
    print(f"\nhub back after {seconds:.1f} s; {len(seen)} requests to the server meanwhile")
    assert set(seen) == {200}
    server = ada.server()
    assert server is not None
    assert server["ready"]
    assert uids(release.server_pods("ada")) == before


@contextmanager
def visits(url: str, token: str) -> Iterator[list[int]]:
    """Ask for a page ten times a second; the statuses of the answers."""
    seen: list[int] = []
    known, over = threading.Event(), threading.Event()

    def visit() -> None:
        with httpx.Client(headers={"Authorization": f"token {token}"}, timeout=10) as client:
            # A server asks the hub who a token's owner is, and remembers it for some minutes.
            while not over.wait(0.1):
                seen.append(client.get(url).status_code)
                known.set()

    visitor = threading.Thread(target=visit)
    visitor.start()
    try:
        assert known.wait(10)
        yield seen
    finally:
        over.set()
        visitor.join()


def uids(pods: list[dict[str, Any]]) -> set[str]:
    return {pod["metadata"]["uid"] for pod in pods}


def answers(address: str, token: str) -> bool:
    try:
        headers = {"Authorization": f"token {token}"}
        return httpx.get(f"{address}/hub/api/user", headers=headers, timeout=5).status_code == 200
    except httpx.TransportError:
        return False


def test_a_token_reaches_its_own_users_server_and_nobody_elses(ada, eve):
    ada.start("cpu")
    token = eve.token()
    assert ada.contents("GET", "").status_code == 200
    assert ada.contents("GET", "", token=token).status_code == 403
    assert eve.api("GET", "/users/eve", token=token).status_code == 200
    assert eve.api("GET", "/users/ada", token=token).status_code in (403, 404)
    assert eve.api("DELETE", "/users/ada/server", token=token).status_code in (403, 404)
    assert eve.http.get("/user/ada/api/contents", follow_redirects=True).status_code in (403, 404)


def test_a_profile_that_is_not_there_is_refused_by_the_api(ada):
    answer = ada.ask_for_server("enormous")
    assert answer.status_code == 400
    assert answer.json()["message"] == "No such profile: enormous. Options include: cpu, gpu, huge, absent"


@pytest.mark.parametrize(
    ("profile", "words"),
    [
        ("absent", ["can't be pulled", "Try again; if it stays so, tell an admin."]),
        ("huge", [f"within {START_TIMEOUT} seconds: no node has room for it", "nvidia.com/gpu", "another profile"]),
    ],
)
def test_a_server_that_can_not_start_says_why(profile, words, eve, release):
    assert eve.ask_for_server(profile).status_code in (201, 202)  # that is: asked for; JupyterHub waits 10 s at most
    wait_until("the end of the attempt", 2 * START_TIMEOUT, lambda: eve.server() is None)
    page = html.unescape(eve.http.get("/hub/spawn-pending/eve").text)
    for one in words:
        assert one in page
    wait_until("the pod's removal", 60, lambda: not release.server_pods("eve"))


def test_an_upgrade_with_the_same_values_changes_nothing(release, address):
    keys = release.secret(f"{NAME}-keys")
    before = identities(release)
    release.install()
    assert release.secret(f"{NAME}-keys") == keys
    assert identities(release) == before


def identities(release: Installed) -> set[str]:
    """The pods of hub and proxy."""
    parts = [{"app.kubernetes.io/instance": NAME, "app.kubernetes.io/component": part} for part in ("hub", "proxy")]
    return {uid for labels in parts for uid in uids(release.objects("pods", NAME, labels))}


def test_a_changed_setting_restarts_the_hub_and_no_server(ada, release, address):
    ada.start("cpu")
    before, old = uids(release.server_pods("ada")), identities(release)
    Installed(release.cluster, NAME, {**release.values, "homes": {"size": "32Mi"}}).install()
    release.cluster.kubectl("rollout", "status", f"deployment/{NAME}-hub", "--namespace", NAME, "--timeout=60s")
    wait_until("the login page", 60, lambda: usable(address))
    assert len(identities(release) & old) == 1  # the proxy's
    assert uids(release.server_pods("ada")) == before
    server = ada.server()
    assert server is not None
    assert server["ready"]


@pytest.mark.parametrize(
    ("verb", "resource", "where", "allowed"),
    [
        ("create", "pods", "users", True),
        ("list", "secrets", "users", False),
        ("get", "secrets", "hub", False),
        ("create", "pods", "hub", False),
        ("delete", "persistentvolumeclaims", "users", False),
        ("create", "pods --subresource=exec", "users", False),
        ("list", "pods", "models", False),
    ],
)
def test_the_hub_has_the_rights_it_needs_and_no_others(verb, resource, where, allowed, release, address):
    account = f"--as=system:serviceaccount:{NAME}:{NAME}-hub"
    ask = ("auth", "can-i", verb, *resource.split(), account, "--namespace", namespaces_of(NAME)[where])
    if allowed:
        assert release.cluster.kubectl(*ask).strip() == "yes"
    else:
        with pytest.raises(ClusterError, match="no"):
            release.cluster.kubectl(*ask)

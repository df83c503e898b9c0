"""The hub on a real cluster: installed by helm, logged in to, and its servers where their profiles say."""

from __future__ import annotations

import json
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from pod_security import breaches

from pipelines.files import read_json
from tests.cluster.info import Info
from tests.on_cluster.hub_client import HubClient, logged_in
from tests.on_cluster.installed import Installed, namespaces, namespaces_of, wait_until

ROOT = Path(__file__).resolve().parents[2]
NAME = "hubtest"
ABSENT = "sha256:" + "0" * 64
START_TIMEOUT = 30
LOGIN_BAR = 15.0  # seconds from `helm install` to a login page
SERVER_BAR = 10.0  # seconds; only a server that hangs takes longer, and the figure itself is printed


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
def images(cluster: Info) -> dict[str, str]:
    """Every image that the chart wants, by digest."""
    made = read_json(ROOT / ".stillhouse" / "images.json")
    if made is None:
        pytest.skip("no images were pushed to this cluster: make images")
    wanted = ("hub", "proxy", "singleuser", "pipeline", "serving")
    own = {name: made[name] for name in wanted}
    return {**own, "workflowController": cluster.argo.controller, "argoExecutor": cluster.argo.executor}


@pytest.fixture(scope="module")
def release(cluster: Info, images: dict[str, str]) -> Iterator[Installed]:
    """Namespaces, and the images on the nodes; the platform itself is not there yet."""
    names = {part: name for part, name in namespaces_of(NAME).items() if part != "hub"}
    values = {
        "images": images,
        "namespaces": names,
        "hub": {"trial": True, "admins": ["root"]},
        "servers": {"startTimeout": START_TIMEOUT, "environment": {"GIT_URL": cluster.git.url}},
        "homes": {"size": "16Mi"},
        "profiles": profiles(images),
    }
    installed = Installed(cluster, NAME, values)
    with namespaces(cluster, NAME):
        pull(installed, images)
        yield installed
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
    text = json.dumps({"apiVersion": "v1", "kind": "List", "items": pods})
    command = [installed.info.kubectl, "--kubeconfig", installed.info.kubeconfig, "--namespace", installed.users]
    subprocess.run([*command, "apply", "--filename", "-"], input=text, text=True, check=True, capture_output=True)
    names = [f"pod/pull-{name}-{pool}" for name, pool in (("hub", "cpu"), ("proxy", "cpu"))]
    names += ["pod/pull-singleuser-cpu", "pod/pull-singleuser-gpu"]
    done = "--for=jsonpath={.status.phase}=Succeeded"
    subprocess.run([*command, "wait", done, "--timeout", "300s", *names], check=True, capture_output=True)
    subprocess.run([*command, "delete", "--wait=false", *names], check=True, capture_output=True)


@pytest.fixture(scope="module")
def address(release: Installed) -> Iterator[str]:
    """The hub's address on this machine, once its login page can be used."""
    begun = time.monotonic()
    release.install()
    helm = time.monotonic() - begun
    wait_until(lambda: ready(release, "proxy"), "a ready proxy")
    with release.forwarded(f"{NAME}-proxy") as address:
        wait_until(lambda: usable(address), "a login page")
        release_times["login"] = time.monotonic() - begun
        print(f"\nhelm {helm:.1f} s, login page {release_times['login']:.1f} s")
        yield address


release_times: dict[str, float] = {}


def ready(release: Installed, part: str) -> bool:
    deployment = f"deployment/{NAME}-{part}"
    output = "--output=jsonpath={.status.readyReplicas}"
    return release.kubectl("--namespace", NAME, "get", deployment, output) == "1"


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


def test_helm_installs_a_hub_that_one_can_log_in_to_soon(address, ada):
    assert ada.server() is None
    assert release_times["login"] <= LOGIN_BAR


def test_a_wrong_password_is_refused(address):
    with pytest.raises(AssertionError, match="eve was not let in"), logged_in(address, "eve", "a wrong password"):
        pass


@pytest.mark.parametrize("profile", ["cpu", "gpu"])
def test_a_server_runs_on_the_node_of_its_profile_and_passes_restricted(profile, ada, release):
    seconds = ada.start(profile)
    print(f"\n{profile} server {seconds:.1f} s")
    pod = release.server_pod("ada")
    node = json.loads(release.kubectl("get", "node", pod["spec"]["nodeName"], "--output", "json"))
    assert node["metadata"]["labels"]["pool"] == profile
    limits = pod["spec"]["containers"][0]["resources"]["limits"]
    assert limits.get("nvidia.com/gpu") == ("1" if profile == "gpu" else None)
    assert breaches(pod["spec"]) == []
    assert seconds <= SERVER_BAR


def test_the_users_namespace_refuses_what_is_not_restricted(release):
    """So the pods above were not just well-behaved: they had to be."""
    namespace = json.loads(release.kubectl("get", "namespace", release.users, "--output", "json"))
    assert namespace["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == "restricted"
    command = [release.info.kubectl, "--kubeconfig", release.info.kubeconfig, "--namespace", release.users]
    command += ["run", "root", "--image", release.values["images"]["hub"], "--dry-run=server"]
    refused = subprocess.run(command, capture_output=True, text=True)
    assert refused.returncode != 0
    assert "violates PodSecurity" in refused.stderr


def test_a_home_follows_its_user_from_the_cpu_to_the_gpu_node(ada):
    ada.start("cpu")
    note = {"type": "file", "format": "text", "content": "kept"}
    assert ada.contents("PUT", "note.txt", note).status_code in (200, 201)
    ada.stop()
    ada.start("gpu")
    assert ada.contents("GET", "note.txt").json()["content"] == "kept"


def test_a_server_has_nothing_secret_and_no_rights(ada, release):
    ada.start("cpu")
    pod = release.server_pod("ada")
    mounts = {mount["mountPath"] for mount in pod["spec"]["containers"][0]["volumeMounts"]}
    assert mounts == {"/home/jovyan", "/tmp"}
    environment = release.kubectl("--namespace", release.users, "exec", pod["metadata"]["name"], "--", "env")
    assert "HOME=/home/jovyan" in environment
    assert f"GIT_URL={release.info.git.url}" in environment
    for secret in (*release.secret(f"{NAME}-keys").values(), release.info.s3.secret_key, release.info.git.password):
        assert secret not in environment


def test_a_server_lives_on_while_the_hub_restarts(ada, release, address):
    ada.start("cpu")
    token = ada.token()
    before = release.server_pod("ada")
    failures, asked, over = [], [], threading.Event()

    def visit() -> None:
        while not over.is_set():
            asked.append(1)
            answer = httpx.get(
                f"{address}/user/ada/api/status", headers={"Authorization": f"token {token}"}, timeout=10
            )
            if answer.status_code != 200:
                failures.append(answer.status_code)
            time.sleep(0.1)

    visit_once = httpx.get(f"{address}/user/ada/api/status", headers={"Authorization": f"token {token}"}, timeout=10)
    assert visit_once.status_code == 200
    visitor = threading.Thread(target=visit)
    visitor.start()
    begun = time.monotonic()
    selector = f"app.kubernetes.io/component=hub,app.kubernetes.io/instance={NAME}"
    release.kubectl("--namespace", NAME, "delete", "pod", "--selector", selector, "--wait=true")
    wait_until(lambda: answers(address, token), "the hub's API")
    print(f"\nhub back after {time.monotonic() - begun:.1f} s, {len(asked)} requests to the server meanwhile")
    over.set()
    visitor.join()
    assert failures == []
    server = ada.server()
    assert server is not None
    assert server["ready"]
    assert release.server_pod("ada")["metadata"]["uid"] == before["metadata"]["uid"]


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
    assert eve.ask_for_server(profile).status_code in (202, 400)
    wait_until(lambda: eve.server() is None, "the end of the attempt", 2 * START_TIMEOUT)
    page = eve.http.get("/hub/spawn-pending/eve").text
    for one in words:
        assert one.replace("'", "&#39;") in page
    labels = {"hub.jupyter.org__username": "eve"}
    wait_until(lambda: not release.objects("pods", release.users, **labels), "the pod's removal")


def test_an_upgrade_with_the_same_values_changes_nothing(release, address):
    keys = release.secret(f"{NAME}-keys")
    before = identities(release)
    release.install()
    assert release.secret(f"{NAME}-keys") == keys
    assert identities(release) == before


def identities(release: Installed) -> set[str]:
    """The pods of hub and proxy."""
    labels = {"app.kubernetes.io__instance": NAME}
    pods = release.objects("pods", NAME, **labels)
    wanted = ("hub", "proxy")
    return {
        pod["metadata"]["uid"] for pod in pods if pod["metadata"]["labels"]["app.kubernetes.io/component"] in wanted
    }


def test_a_changed_setting_restarts_the_hub_and_no_server(ada, release, address):
    ada.start("cpu")
    before = release.server_pod("ada")["metadata"]["uid"]
    changed = Installed(release.info, NAME, {**release.values, "homes": {"size": "32Mi"}})
    old = identities(release)
    changed.install()
    release.kubectl("--namespace", NAME, "rollout", "status", f"deployment/{NAME}-hub", "--timeout=60s")
    assert len(identities(release) & old) == 1  # the proxy's
    wait_until(lambda: usable(address), "the login page")
    assert release.server_pod("ada")["metadata"]["uid"] == before
    server = ada.server()
    assert server is not None
    assert server["ready"]


@pytest.mark.parametrize(
    ("verb", "resource", "where", "allowed"),
    [
        ("create", "pods", "users", "yes"),
        ("list", "secrets", "users", "no"),
        ("get", "secrets", "hub", "no"),
        ("create", "pods", "hub", "no"),
        ("delete", "persistentvolumeclaims", "users", "no"),
        ("create", "pods/exec", "users", "no"),
        ("list", "pods", "models", "no"),
    ],
)
def test_the_hub_has_the_rights_it_needs_and_no_others(verb, resource, where, allowed, release, address):
    account = f"--as=system:serviceaccount:{NAME}:{NAME}-hub"
    namespace = namespaces_of(NAME)[where]
    told = release.kubectl("auth", "can-i", verb, resource, account, "--namespace", namespace, check=False)
    assert told.strip() == allowed

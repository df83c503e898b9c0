"""The cluster itself: what every other test of this folder builds on."""

from __future__ import annotations

import json
import subprocess
import time

import kr8s
import pytest
from kr8s.objects import Node, PersistentVolumeClaim, Service

from pipelines.image import layout, platforms, registry
from pipelines.image.layer import File, in_memory
from tests.cluster.support_images import BUSYBOX
from tests.on_cluster import pods

SERVER = """
echo hello from $HOSTNAME >/tmp/answer
printf 'server.document-root = "/tmp"\nserver.port = 8080\n' >/tmp/server.conf
exec lighttpd -D -f /tmp/server.conf
"""
CLIENT = """
ask() { timeout 2 bash -c 'exec 3<>/dev/tcp/server/80; printf "GET /answer HTTP/1.0\\r\\n\\r\\n" >&3; cat <&3'; }
for try in $(seq 30); do ask && exit; sleep 0.3; done
exit 1
"""


def test_both_nodes_are_ready_and_in_their_pools(cluster):
    nodes = {node.name: node for node in Node.list(api=cluster.api)}
    pools = {node.labels["pool"] for node in nodes.values() if "pool" in node.labels}
    assert pools == {"cpu", "gpu"}
    for node in nodes.values():
        conditions = {each["type"]: each["status"] for each in node.status["conditions"]}
        assert conditions["Ready"] == "True", node.name


def test_the_gpu_node_advertises_gpus_and_keeps_others_away(cluster):
    (node,) = Node.list(label_selector="pool=gpu", api=cluster.api)
    assert int(node.status["allocatable"][pods.GPU]) >= 1
    assert {"key": pods.GPU, "value": "present", "effect": "NoSchedule"} in node.spec["taints"]


def test_a_pod_that_asks_for_a_gpu_is_on_the_gpu_node(cluster, namespace):
    pod = pods.start(cluster, namespace, pods.manifest(cluster.info.tools, "true", pool="gpu", gpus=1))
    pods.wait(pod, ["Succeeded"])
    (node,) = Node.list(label_selector="pool=gpu", api=cluster.api)
    assert pod.spec["nodeName"] == node.name


def test_a_pod_that_tolerates_no_gpu_node_is_not_put_there(cluster, namespace):
    document = pods.manifest(cluster.info.tools, "true", pool="gpu")
    document["spec"]["tolerations"] = []
    pod = pods.start(cluster, namespace, document)
    deadline = time.monotonic() + 20
    while not pod.status.get("conditions"):
        assert time.monotonic() < deadline, "the scheduler has not looked at it"
        time.sleep(0.1)
        pod.refresh()
    assert pod.status["conditions"][0]["reason"] == "Unschedulable"


def test_more_gpus_than_there_are_stay_pending(cluster, namespace):
    (node,) = Node.list(label_selector="pool=gpu", api=cluster.api)
    more = int(node.status["allocatable"][pods.GPU]) + 1
    pod = pods.start(cluster, namespace, pods.manifest(cluster.info.tools, "true", pool="gpu", gpus=more))
    time.sleep(2)
    pod.refresh()
    assert pod.status["phase"] == "Pending"


@pytest.mark.parametrize("pool", ["cpu", "gpu"])
def test_a_pod_finds_services_by_name(cluster, namespace, pool):
    command = "getent hosts git.stillhouse-services.svc"
    address = cluster.kubectl.get("service", "git", "--namespace", "stillhouse-services")["spec"]["clusterIP"]
    said = pods.output(cluster, namespace, pods.manifest(cluster.info.tools, command, pool=pool))
    assert address in said


@pytest.mark.parametrize(("server", "client"), [("cpu", "gpu"), ("gpu", "cpu"), ("cpu", "cpu"), ("gpu", "gpu")])
def test_a_pod_reaches_another_through_a_service_on_whichever_node(cluster, namespace, server, client):
    document = pods.manifest(cluster.info.tools, SERVER, pool=server)
    document["metadata"]["labels"] = {"app": "server"}
    pod = pods.start(cluster, namespace, document)
    port = {"port": 80, "targetPort": 8080}
    spec = {"selector": {"app": "server"}, "ports": [port]}
    Service({"metadata": {"name": "server", "namespace": namespace}, "spec": spec}, api=cluster.api).create()
    pods.wait(pod, ["Running"])
    said = pods.output(cluster, namespace, pods.manifest(cluster.info.tools, CLIENT, pool=client))
    assert f"hello from {pod.name}" in said


@pytest.mark.parametrize("pool", ["cpu", "gpu"])
def test_nobody_answers_for_a_service_that_there_is_not(cluster, namespace, pool):
    """What kube-proxy has no rule for, or not yet, must not be asked of whoever routes for this machine."""
    if cluster.info.kind != "built":
        pytest.skip("whose addresses these are is the affair of whoever made the cluster")
    command = "timeout 10 bash -c 'exec 3<>/dev/tcp/10.96.250.250/80' 2>&1 || echo nobody"
    assert "nobody" in pods.output(cluster, namespace, pods.manifest(cluster.info.tools, command, pool=pool))


def test_a_pod_that_is_not_restricted_is_refused(cluster, namespace):
    document = pods.manifest(cluster.info.tools, "true")
    del document["spec"]["containers"][0]["securityContext"]
    with pytest.raises(kr8s.ServerError, match="PodSecurity"):
        pods.start(cluster, namespace, document)


def test_what_one_pod_writes_to_a_volume_another_reads(cluster, namespace):
    spec = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "10Mi"}}}
    claim = {"metadata": {"name": "data", "namespace": namespace}, "spec": spec}
    PersistentVolumeClaim(claim, api=cluster.api).create()
    image = cluster.info.tools
    pods.output(cluster, namespace, pods.manifest(image, "echo kept >/data/file", volume="data"))
    said = pods.output(cluster, namespace, pods.manifest(image, "cat /data/file", volume="data"))
    assert said.strip() == "kept"


def test_metrics_are_numbers(cluster):
    deadline = time.monotonic() + 60  # the first measurement of a new cluster takes two rounds
    while True:
        items = json.loads(cluster.kubectl("get", "--raw=/apis/metrics.k8s.io/v1beta1/nodes"))["items"]
        if len(items) >= 2 or time.monotonic() > deadline:
            break
        time.sleep(1)
    assert {item["metadata"]["name"] for item in items} == {node.name for node in Node.list(api=cluster.api)}
    assert all(int(item["usage"]["memory"].rstrip("Ki")) > 10_000 for item in items)
    assert "%" in cluster.kubectl("top", "nodes")


def test_what_is_pushed_is_pulled_by_its_digest(cluster, namespace, tmp_path):
    entries = {"bin/sh": File(BUSYBOX, executable=True), "greeting": File(namespace.encode())}
    run = {"User": "10001", "Entrypoint": ["/bin/sh"]}
    made = layout.write(tmp_path, layout.Content([in_memory("trial", entries)], platforms.find(None), run), "trial")
    registries = cluster.info.registry
    assert registry.push(tmp_path, f"{registries.push}/trial:{namespace}", lambda _: None) == made
    said = pods.output(
        cluster, namespace, pods.manifest(f"{registries.pull}/trial@{made}", "read -r a </greeting || echo $a")
    )
    assert said.strip() == namespace


def curl(*arguments: str) -> str:
    command = ["curl", "--silent", "--show-error", "--fail-with-body", "--max-time", "20", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_what_is_put_into_the_bucket_is_got_from_it(cluster, namespace):
    s3 = cluster.info.s3
    address = cluster.url(f"{s3.endpoint}/{s3.bucket}/{namespace}/file")
    signed = ["--aws-sigv4", "aws:amz:us-east-1:s3", "--user", f"{s3.access_key}:{s3.secret_key}"]
    curl(*signed, "--header", "x-amz-content-sha256: UNSIGNED-PAYLOAD", "--request", "PUT", "--data", "kept", address)
    assert curl(*signed, "--header", "x-amz-content-sha256: UNSIGNED-PAYLOAD", address) == "kept"
    with pytest.raises(AssertionError, match="AccessDenied"):
        curl(address)


def git(folder, *arguments: str) -> str:
    command = ["git", "-c", "user.name=tester", "-c", "user.email=tester@example.org", *arguments]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture
def repository(tmp_path):
    folder = tmp_path / "mine"
    git(tmp_path, "init", "--quiet", "--initial-branch=main", str(folder))
    (folder / "large").write_bytes(bytes(range(256)) * 20_000)  # more than git sends in one piece
    git(folder, "add", ".")
    git(folder, "commit", "--quiet", "--message=First")
    return folder


def test_what_is_pushed_to_git_is_cloned_from_it(cluster, namespace, repository, tmp_path):
    address = cluster.url(f"{cluster.info.git.url}/{namespace}.git")
    login = f"{cluster.info.git.user}:{cluster.info.git.password}@"
    git(repository, "push", "--quiet", address.replace("://", f"://{login}"), "main")
    git(tmp_path, "clone", "--quiet", address, "theirs")
    assert git(tmp_path / "theirs", "rev-parse", "HEAD") == git(repository, "rev-parse", "HEAD")


def test_nobody_pushes_to_git_without_the_password(cluster, namespace, repository):
    address = cluster.url(f"{cluster.info.git.url}/{namespace}.git")
    with pytest.raises(AssertionError, match="could not read Username"):
        git(repository, "-c", "core.askPass=", "-c", "credential.helper=", "push", address, "main")
    with pytest.raises(AssertionError, match="Authentication failed"):
        git(repository, "push", address.replace("://", f"://{cluster.info.git.user}:guess@"), "main")


def test_postgres_answers_those_who_have_the_password(cluster):
    def ask(url: str) -> str:
        where = ("exec", "--namespace", "stillhouse-services", "deployment/postgres", "--")
        return cluster.kubectl(*where, "psql", url, "--tuples-only", "--command=select 6 * 7")

    assert ask(cluster.info.postgres.url).strip() == "42"
    with pytest.raises(Exception, match="password authentication failed"):
        ask(cluster.info.postgres.url.replace("//stillhouse:", "//stillhouse:x"))

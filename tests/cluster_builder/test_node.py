"""Two nodes on one machine share nothing."""

import datetime
import json
import tomllib
from pathlib import Path

import pytest

from pipelines.files import write_json
from tests.cluster import layout as at
from tests.cluster import node, pki, processes
from tests.cluster.commands import Kubectl

CPU, GPU = node.NODES


@pytest.mark.parametrize("one", node.NODES, ids=lambda one: one.name)
def test_containerd_keeps_all_it_writes_in_the_node_s_folder(layout, one):
    config = tomllib.loads(node.containerd_config(one, one.folder(layout), "pause@sha256:0"))
    cri = config["plugins"]["io.containerd.grpc.v1.cri"]
    options = cri["containerd"]["runtimes"]["runc"]["options"]
    for path in (config["root"], config["state"], config["grpc"]["address"], options["Root"], cri["cni"]["conf_dir"]):
        assert path.startswith(f"{one.folder(layout)}/")
    assert cri["registry"]["mirrors"] == {at.REGISTRY_PULL: {"endpoint": [f"http://{one.registry}"]}}


def test_their_kubelets_share_no_folder_no_group_and_no_address(layout):
    cpu, gpu = (node.kubelet_config(one, one.folder(layout), layout) for one in node.NODES)
    for name in ("address", "cgroupRoot", "podLogsDir", "volumePluginDir", "containerRuntimeEndpoint"):
        assert cpu[name] != gpu[name], name


def test_only_the_gpu_node_keeps_others_away(layout):
    assert node.kubelet_config(CPU, CPU.folder(layout), layout)["registerWithTaints"] == []
    taints = node.kubelet_config(GPU, GPU.folder(layout), layout)["registerWithTaints"]
    assert taints == [{"key": "nvidia.com/gpu", "value": "present", "effect": "NoSchedule"}]


def test_their_pods_have_subnets_of_their_own(layout):
    subnets = [
        node.network_config(one, one.folder(layout))["plugins"][0]["ipam"]["ranges"][0][0]["subnet"]
        for one in node.NODES
    ]
    assert subnets == ["10.244.0.0/24", "10.244.1.0/24"]


def test_nobody_asks_the_kubelet_without_a_name(layout):
    config = node.kubelet_config(CPU, CPU.folder(layout), layout)
    assert config["authentication"]["anonymous"] == {"enabled": False}
    assert config["authorization"] == {"mode": "Webhook"}


def item(name, heartbeat, status="True"):
    condition = {"type": "Ready", "status": status, "lastHeartbeatTime": heartbeat}
    return {"metadata": {"name": name}, "status": {"conditions": [condition]}}


@pytest.fixture
def nodes(program):
    """Nodes whose kubelets last spoke at noon."""

    def put(*items):
        return Kubectl(program("kubectl", f"echo '{json.dumps({'items': items})}'"), Path("config"))

    return put


def test_a_node_is_ready_when_its_kubelet_says_so(nodes):
    noon = "2026-01-01T12:00:00Z"
    assert node.ready(nodes(item("cpu", noon), item("gpu", noon, "False")), {}) == {"cpu": True, "gpu": False}


@pytest.mark.parametrize(("later", "counts"), [(-1, True), (0.9, True), (1, False), (60, False)])
def test_what_a_kubelet_said_before_its_restart_does_not_count(nodes, later, counts):
    noon = datetime.datetime(2026, 1, 1, 12, tzinfo=datetime.UTC).timestamp()
    found = node.ready(nodes(item("cpu", "2026-01-01T12:00:00Z")), {"cpu": noon + later})
    assert found == {"cpu": counts}


def test_a_kubelet_that_ended_is_started_again_and_one_that_runs_is_left(layout, program):
    for one in node.NODES:
        write_json(one.folder(layout) / "kubelet.yaml", {})
    pki.ensure(layout)
    enter = program("nsenter", 'shift; exec "$@"')
    programs = {"kubelet": program("kubelet", "exec sleep 60"), "kube-proxy": program("kube-proxy", "exec sleep 60")}
    assert enter.exists()
    first = node.keep_running(layout, programs)
    before = {process.name: process for process in processes.recorded(layout)}
    processes.stop([before["cpu-kubelet"]])
    second = node.keep_running(layout, programs)
    after = {process.name: process for process in processes.recorded(layout)}
    assert set(after) == {"cpu-kubelet", "cpu-proxy", "gpu-kubelet", "gpu-proxy"}
    assert [name for name in after if after[name] != before[name]] == ["cpu-kubelet"]
    assert second["cpu"] > first["cpu"]
    assert second["gpu"] == first["gpu"]

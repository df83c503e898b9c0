"""What kind and docker are asked for. No Docker runs where this was written: their answers here are made up."""

import json

import pytest

from tests.cluster import kind
from tests.cluster import layout as at
from tests.cluster.errors import ClusterError


def test_docker_without_an_engine_is_not_usable(program):
    program("kind", "")
    program("docker", "exit 1")
    assert not kind.usable()
    program("docker", "")
    assert kind.usable()


def test_without_kind_it_is_not_usable(program, monkeypatch, tmp_path):
    program("docker", "")
    monkeypatch.setenv("PATH", str(tmp_path / "programs"))
    assert not kind.usable()


def test_both_pools_have_a_node_and_the_gpu_s_is_tainted():
    _, cpu, gpu = kind.config()["nodes"]
    assert (cpu["labels"], gpu["labels"]) == ({"pool": "cpu"}, {"pool": "gpu"})
    taints = [json.loads(node["kubeadmConfigPatches"][0])["nodeRegistration"]["taints"] for node in (cpu, gpu)]
    assert taints == [[], [{"key": "nvidia.com/gpu", "value": "present", "effect": "NoSchedule"}]]


def test_the_nodes_are_told_where_the_registry_s_name_leads(program, asked):
    script = 'case $* in *--format*) echo 172.18.0.9;; *"cp /dev/stdin"*) cat >>"$(dirname "$0")/asked";; esac'
    program("docker", script)
    assert kind._join() == "172.18.0.9"
    lines = asked()
    folder = f"/etc/containerd/certs.d/{at.REGISTRY_PULL}"
    assert f"docker exec stillhouse-worker mkdir -p {folder}" in lines
    assert f"docker exec --interactive stillhouse-worker2 cp /dev/stdin {folder}/hosts.toml" in lines
    assert lines.count('[host."http://172.18.0.9:5000"]') == 2


def test_a_registry_that_is_on_the_network_already_is_no_error(program):
    program("docker", 'case $* in *connect*) echo "endpoint already exists" >&2; exit 1;; *) echo 1.2.3.4;; esac')
    assert kind._join() == "1.2.3.4"
    program("docker", "echo no such network >&2; exit 1")
    with pytest.raises(ClusterError, match="no such network"):
        kind._join()


def test_the_registry_is_for_this_machine_only_and_started_once(program, asked):
    program("docker", "")
    kind._registry()
    assert asked() == ["docker inspect stillhouse-registry"]
    program("docker", '[ "$1" != inspect ]')
    kind._registry()
    assert "--publish 127.0.0.1:5000:5000 --name stillhouse-registry" in asked()[-1]


def test_down_removes_the_cluster_and_the_registry(program, asked, layout):
    program("kind", "echo stillhouse")
    program("docker", "")
    kind.down(layout)
    assert asked()[1:] == ["kind delete cluster --name stillhouse", "docker rm --force --volumes stillhouse-registry"]
    assert not layout.run.exists()

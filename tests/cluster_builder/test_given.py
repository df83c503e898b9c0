"""A given cluster is checked, told of, and never changed."""

import json
from pathlib import Path

import pytest

from tests.cluster import given
from tests.cluster.errors import ClusterError
from tests.cluster_builder.test_info import DOCUMENT

NODES = {"items": [{"metadata": {"name": f"n-{pool}", "labels": {"pool": pool}}} for pool in ("cpu", "gpu")]}


@pytest.fixture
def config(tmp_path, program, monkeypatch):
    """A cluster that answers, with both pools."""
    program("kubectl", f"case $* in *readyz*) echo ok;; *nodes*) echo '{json.dumps(NODES)}';; *) exit 1;; esac")
    file = tmp_path / "services.json"
    file.write_text(json.dumps({name: part for name, part in DOCUMENT.items() if name not in ("kind", "kubeconfig")}))
    monkeypatch.setenv(given.SERVICES, str(file))
    return tmp_path / "config"


def test_what_is_told_of_it_is_used(config):
    assert given.reachable(given.kubectl(config))
    found = given.use(config)
    assert (found.kind, found.kubeconfig) == ("given", str(config))
    assert found.registry.push == "127.0.0.1:5000"


def test_nothing_but_questions_is_asked(config, asked):
    given.use(config)
    assert [line.split()[2] for line in asked()] == ["get"]


def test_our_own_is_not_given(layout, monkeypatch):
    monkeypatch.setenv("KUBECONFIG", str(layout.kubeconfig))
    assert given.kubeconfig(layout) is None
    monkeypatch.delenv("KUBECONFIG")
    assert given.kubeconfig(layout) is None
    monkeypatch.setenv("KUBECONFIG", "/a/config:/b/config")
    assert given.kubeconfig(layout) == Path("/a/config")


def test_one_that_does_not_answer_is_not_reachable(config, program):
    program("kubectl", "echo refused >&2; exit 1")
    assert not given.reachable(given.kubectl(config))


def test_without_services_the_message_says_where_to_write_them(config, monkeypatch):
    monkeypatch.delenv(given.SERVICES)
    with pytest.raises(ClusterError, match=f"Set {given.SERVICES} to a JSON file with registry, git"):
        given.use(config)


def test_a_file_that_is_no_json_is_named(config, tmp_path):
    (tmp_path / "services.json").write_text("{")
    with pytest.raises(ClusterError, match=r"services\.json, which STILLHOUSE_CLUSTER_SERVICES names"):
        given.use(config)


def test_services_that_are_missing_are_named(config, tmp_path):
    (tmp_path / "services.json").write_text('{"tools": "t"}')
    with pytest.raises(ClusterError, match=r"services\.json: it lacks registry\.push"):
        given.use(config)


def test_a_pool_without_a_node_is_named_with_its_remedy(config, program):
    items = json.dumps({"items": NODES["items"][:1]})
    program("kubectl", f"echo '{items}'")
    with pytest.raises(ClusterError, match=r"no node labelled pool=gpu\. Label one: kubectl label node NAME pool=gpu"):
        given.use(config)

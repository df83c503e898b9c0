"""What `make cluster` writes is what tests read; what is missing is named."""

import json

import pytest

from tests.cluster import info
from tests.cluster.errors import ClusterError

DOCUMENT = {
    "kind": "built",
    "kubeconfig": "k",
    "registry": {"push": "127.0.0.1:5000", "pull": "registry:5000"},
    "git": {"url": "http://git", "user": "u", "password": "p"},
    "s3": {"endpoint": "http://s3", "bucket": "b", "access_key": "a", "secret_key": "s"},
    "postgres": {"url": "postgresql://"},
    "argo": {"controller": "c", "executor": "e"},
    "terraform": {"mirror": "m"},
    "tools": "t",
    "kubectl": "kubectl",
}


def test_without_a_cluster_the_message_says_how_to_get_one(tmp_path):
    with pytest.raises(ClusterError, match=r"cluster\.json: there is no test cluster .*: make cluster"):
        info.load(tmp_path)


def test_what_is_saved_is_loaded_and_nobody_else_reads_it(tmp_path):
    made = info.parse(DOCUMENT, "here")
    info.save(made, tmp_path)
    assert info.load(tmp_path) == made
    assert json.loads((tmp_path / info.FILE).read_text()) == DOCUMENT
    assert (tmp_path / info.FILE).stat().st_mode & 0o077 == 0
    info.forget(tmp_path)
    assert not (tmp_path / info.FILE).exists()


@pytest.mark.parametrize("part", ["registry", "git", "s3", "postgres", "argo", "terraform"])
def test_each_part_that_is_missing_is_named(part):
    with pytest.raises(ClusterError, match=rf"here: it lacks {part}\."):
        info.parse({name: value for name, value in DOCUMENT.items() if name != part}, "here")


def test_all_that_is_missing_is_named_at_once():
    with pytest.raises(ClusterError, match=r"tools, registry\.push, .*terraform\.mirror"):
        info.parse([], "here")

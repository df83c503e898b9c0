"""One content, served on this machine and to the pods, to nobody else."""

import shutil
import urllib.request

import pytest

from pipelines.files import write_json
from tests.cluster import layout as at
from tests.cluster import processes, registry
from tests.cluster.commands import wait_until


def test_it_listens_where_it_is_needed_only(layout):
    assert set(registry.ADDRESSES.values()) == {"127.0.0.1", at.HOST}
    assert registry.settings(layout, "127.0.0.1")["http"] == {"addr": "127.0.0.1:5000"}


def test_its_content_outlives_the_cluster(layout):
    folder = registry.settings(layout, "127.0.0.1")["storage"]["filesystem"]["rootdirectory"]
    assert not folder.startswith(f"{layout.run}/")


@pytest.mark.skipif(not shutil.which("docker-registry"), reason="docker-registry is not installed")
def test_the_program_takes_the_configuration(layout, port):
    config = layout.run / "registry.yml"
    write_json(config, {**registry.settings(layout, "127.0.0.1"), "http": {"addr": f"127.0.0.1:{port}"}})
    processes.start(layout, "registry", ["docker-registry", "serve", str(config)], config)
    wait_until("it answers", 15, lambda: registry._answers(f"http://127.0.0.1:{port}/v2/"))
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/v2/_catalog", timeout=5) as answer:
        assert answer.status == 200

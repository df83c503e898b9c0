"""What the builder's tests share: a cluster's folders that are nobody's."""

from __future__ import annotations

import pytest

from tests.cluster import processes
from tests.cluster.layout import Layout


@pytest.fixture
def layout(tmp_path):
    made = Layout(tmp_path / "cluster")
    made.run.mkdir(parents=True)
    yield made
    left = processes.marked(made)
    processes.kill(process.pid for process in left)
    processes.stop(left)
    for child in processes._children.values():
        child.wait(timeout=5)

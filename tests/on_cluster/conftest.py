"""Fixtures of the suite that runs on a real cluster: `make cluster`, then `make test-cluster`."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from kr8s.objects import Namespace

from tests.cluster import evidence, handle, info
from tests.cluster.errors import ClusterError
from tests.cluster.handle import Cluster

ARTIFACTS = Path(os.environ.get("STILLHOUSE_ARTIFACTS") or Path(__file__).parents[2] / ".stillhouse" / "test")
SESSION = uuid.uuid4().hex[:8]
FAILED = pytest.StashKey[bool]()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    report = yield
    item.stash[FAILED] = item.stash.get(FAILED, False) or report.failed
    return report


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """The test cluster; where there is none, its tests are skipped and say so."""
    try:
        found = info.load()
    except ClusterError as error:
        pytest.skip(str(error))
    with handle.use(found) as cluster:
        cluster.kubectl("get", "--raw=/readyz", seconds=10)  # a cluster that is told of and does not answer is an error
        yield cluster
        # Each was deleted when its test ended; here we see to it that they went, and wait for none in between.
        ours = ("--selector", f"stillhouse/test={SESSION}")
        cluster.kubectl("wait", "--for=delete", "namespaces", *ours, "--timeout=90s", seconds=100)


@pytest.fixture
def namespace(cluster: Cluster, request: pytest.FixtureRequest) -> Iterator[str]:
    """The name of a namespace of the test's own, which takes `restricted` pods only and goes when the test ends."""
    name = f"test-{uuid.uuid4().hex[:8]}"
    labels = {"pod-security.kubernetes.io/enforce": "restricted", "stillhouse/test": SESSION}
    made = Namespace({"metadata": {"name": name, "labels": labels}}, api=cluster.api)
    made.create()
    try:
        yield name
    finally:
        if request.node.stash.get(FAILED, False):
            evidence.keep(cluster.kubectl, name, evidence.folder_of(ARTIFACTS, request.node.nodeid))
        cluster.kubectl("delete", "pods", "--all", "--namespace", name, "--grace-period=1", "--wait=false")
        cluster.kubectl("delete", "namespace", name, "--wait=false")

"""Services are reached through kubectl, once each."""

import time
from pathlib import Path

import pytest

from tests.cluster.commands import Kubectl
from tests.cluster.errors import ClusterError
from tests.cluster.reach import Reach

FAKE = """#!/bin/sh
echo "$*" >>"$(dirname "$0")/asked"
case "$*" in
*service/none*) echo "services \\"none\\" not found" >&2; exit 1 ;;
*service/short*) echo "Forwarding from 127.0.0.1:4002 -> 80"; exit ;;
*service/busy*)
  echo "Forwarding from 127.0.0.1:4003 -> 80"
  head -c 200000 /dev/zero | tr '\\0' x
  touch "$(dirname "$0")/said" ;;
esac
echo "Forwarding from 127.0.0.1:4001 -> 80"
exec sleep 60
"""


@pytest.fixture
def reach(tmp_path):
    program = tmp_path / "kubectl"
    program.write_text(FAKE)
    program.chmod(0o755)
    with Reach(Kubectl(program, Path("k"))) as reach:
        yield reach


def test_an_address_inside_becomes_one_of_this_machine(reach):
    assert reach.url("http://git.space.svc/a.git?b=c") == "http://127.0.0.1:4001/a.git?b=c"
    assert reach.url("http://me@example.space.svc:80/") == "http://me@127.0.0.1:4001/"


def test_it_is_forwarded_once(reach, tmp_path):
    reach.url("http://git.space.svc/")
    reach.url("http://git.space.svc/x")
    (asked,) = (tmp_path / "asked").read_text().splitlines()
    assert asked == "--kubeconfig=k --namespace space port-forward --address=127.0.0.1 service/git :80"


def test_one_that_ended_is_forwarded_again(reach, tmp_path):
    reach.port("space", "service/short", 80)
    next(iter(reach._known.values()))[0].wait(timeout=5)
    reach.port("space", "service/short", 80)
    assert len((tmp_path / "asked").read_text().splitlines()) == 2


def test_it_goes_on_however_much_kubectl_says(reach, tmp_path):
    """More than a pipe takes: kubectl writes a line for each connection."""
    reach.port("space", "service/busy", 80)
    deadline = time.monotonic() + 5
    while not (tmp_path / "said").exists():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_one_that_is_not_there_is_told_in_kubectl_s_words(reach):
    with pytest.raises(ClusterError, match=r'service/none in space, port 7: .*"none" not found'):
        reach.port("space", "service/none", 7)


def test_an_address_that_is_none_of_the_cluster_is_refused(reach):
    with pytest.raises(ClusterError, match=r"its host is no NAME\.NAMESPACE\.svc"):
        reach.url("http://localhost/")

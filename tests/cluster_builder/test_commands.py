"""Programs that fail are quoted; waiting ends."""

from pathlib import Path

import pytest

from tests.cluster.commands import Kubectl, Steps, run, wait_until
from tests.cluster.errors import ClusterError


def test_what_a_program_prints_is_returned():
    assert run("cat", stdin="a\n") == "a\n"
    assert run("sh", "-c", "echo $WORD", env={"WORD": "b"}) == "b\n"


def test_a_failure_is_told_in_the_program_s_own_last_words():
    with pytest.raises(ClusterError, match=r"(?s)sh -c .* failed \(3\):\n    it broke"):
        run("sh", "-c", "echo fine; echo it broke >&2; exit 3")


def test_a_program_that_is_not_there_and_one_that_does_not_end_are_told():
    with pytest.raises(ClusterError, match="no-such-program: there is no such program here"):
        run("no-such-program")
    with pytest.raises(ClusterError, match=r"sleep 60: not done after 0\.1 s"):
        run("sleep", "60", seconds=0.1)


def test_waiting_ends_when_it_is_so_or_with_what_was_waited_for():
    answers = iter([False, False, True])
    wait_until("three", 5, lambda: next(answers), pause=0)
    with pytest.raises(ClusterError, match=r"the door opens: not so after 0 s\. Knock"):
        wait_until("the door opens", 0.05, lambda: False, remedy="Knock", pause=0.01)


def test_kubectl_is_told_which_cluster(program, asked):
    kubectl = Kubectl(program("kubectl", 'echo "{}"'), Path("config"))
    assert kubectl.get("nodes") == {}
    kubectl.apply("document")
    assert asked() == [
        "kubectl --kubeconfig=config get nodes --output=json",
        "kubectl --kubeconfig=config apply --server-side --force-conflicts --field-manager=stillhouse-cluster -f -",
    ]


def test_each_step_is_told_with_its_time():
    said = []
    steps = Steps(said.append)
    steps.done("one", "more")
    assert said[0].split() == ["✓", "one", "0.0", "s", "more"]

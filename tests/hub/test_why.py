"""A user is told why the server doesn't start, and what to do."""

from __future__ import annotations

import pytest

from hub.why import Why, hopeless, late


def pod(phase="Pending", conditions=(), **container):
    return {"status": {"phase": phase, "conditions": list(conditions), "containerStatuses": [container]}}


@pytest.mark.parametrize(
    "healthy",
    [
        {},
        {"status": {}},
        {"status": {"phase": "Pending", "containerStatuses": None}},
        pod(state={"waiting": {"reason": "ContainerCreating"}}),
        pod(state={"waiting": {"reason": "ErrImagePull"}}),
        pod("Running", state={"running": {}}, lastState={}),
    ],
)
def test_there_is_hope_while_nothing_failed_for_good(healthy):
    assert hopeless(healthy) is None


@pytest.mark.parametrize(
    ("failed", "reason", "words"),
    [
        (
            pod(
                image="example/x",
                state={"waiting": {"reason": "ImagePullBackOff", "message": 'image "example/x": not found'}},
            ),
            "image",
            "example/x can't be pulled (image it: not found). Try again",
        ),
        (pod(state={"waiting": {"reason": "InvalidImageName"}}), "configuration", "(InvalidImageName). Tell an admin"),
        (
            pod(state={"waiting": {"reason": "CreateContainerConfigError", "message": "no user"}}),
            "configuration",
            "pod can't be made (no user)",
        ),
        (pod("Running", state={"terminated": {"exitCode": 3}}), "crash", "exit status 3"),
        (pod("Running", state={"waiting": {}}, lastState={"terminated": {"exitCode": 1}}), "crash", "exit status 1"),
        (
            pod("Running", state={"terminated": {"exitCode": 137, "reason": "OOMKilled"}}),
            "memory",
            "ran out of memory while it started. Choose a profile with more",
        ),
        ({"status": {"phase": "Failed", "message": "Pod was evicted"}}, "failed", "by its node: Pod was evicted."),
        ({"status": {"phase": "Failed", "reason": "OutOfcpu"}}, "failed", "by its node: OutOfcpu."),
        ({"status": {"phase": "Failed"}}, "failed", "the node gave no reason"),
    ],
)
def test_what_waiting_will_not_mend_is_told(failed, reason, words):
    why = hopeless(failed)
    assert why is not None
    assert why.reason == reason
    assert words in why.message


def test_a_pod_without_a_node_is_told_with_the_schedulers_reason():
    conditions = [{"type": "PodScheduled", "status": "False", "message": "0/2 nodes: 2 Insufficient nvidia.com/gpu"}]
    why = late(pod(conditions=conditions), [], 60)
    assert why.reason == "room"
    assert "within 60 seconds: no node has room for it (0/2 nodes: 2 Insufficient nvidia.com/gpu)" in why.message
    assert "Choose another profile" in why.message


def test_a_pod_that_has_a_node_is_told_with_the_last_warning():
    events = [
        {"type": "Warning", "message": "an older one"},
        {"type": "Warning", "message": "no volume"},
        {"type": "Normal", "message": "Pulling"},
    ]
    conditions = [{"type": "PodScheduled", "status": "True"}]
    message = "The server did not start within 60 seconds: no volume. Try again; if it stays so, tell an admin."
    assert late(pod(conditions=conditions), events, 60) == Why("timeout", message)


def test_a_slow_start_without_a_warning_says_what_is_likely():
    assert "its image may be large, or its node slow" in late(pod(), [], 60).message


def test_a_pod_that_never_showed_up_is_told():
    assert "Kubernetes has not told of its pod" in late(None, [], 60).message

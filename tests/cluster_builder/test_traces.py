"""What a cluster leaves behind would be seen."""

from tests.cluster import traces

BEFORE = {"ip link": ["lo", "eth0"], "mount": ["/"], "processes": []}


def test_the_same_machine_has_nothing_new():
    assert traces.new(BEFORE, BEFORE) == []


def test_what_came_and_what_went_is_named():
    after = {"ip link": ["lo", "stillhouse0"], "mount": ["/"], "processes": ["7 kubelet"]}
    assert traces.new(BEFORE, after) == ["ip link: + stillhouse0", "ip link: - eth0", "processes: + 7 kubelet"]

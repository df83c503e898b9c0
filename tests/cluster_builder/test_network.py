"""Only the cluster's own rules go."""

from tests.cluster import network

SAVED = """*nat
:PREROUTING ACCEPT [0:0]
:MINE - [0:0]
:KUBE-SERVICES - [0:0]
:CNI-0123 - [0:0]
-A PREROUTING -m comment --comment "kubernetes service portals" -j KUBE-SERVICES
-A POSTROUTING -s 10.244.0.10/32 -j CNI-0123
-A PREROUTING -j MINE
-A KUBE-SERVICES -d 10.96.0.1/32 -j KUBE-SVC-X
-A MINE -p tcp -j ACCEPT
COMMIT
"""


def test_the_cluster_s_rules_and_chains_go_and_the_others_stay():
    assert network.without_ours(SAVED).splitlines() == [
        "*nat",
        ":PREROUTING ACCEPT [0:0]",
        ":MINE - [0:0]",
        "-A PREROUTING -j MINE",
        "-A MINE -p tcp -j ACCEPT",
        "COMMIT",
    ]


def test_a_machine_without_any_is_left_as_it_is():
    saved = "*filter\n:INPUT ACCEPT [0:0]\n-A INPUT -i lo -j ACCEPT\nCOMMIT\n"
    assert network.without_ours(saved) == saved

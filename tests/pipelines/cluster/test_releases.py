"""Releases as helm's revisions tell of them."""

from __future__ import annotations

import pytest

from pipelines.cluster import helm, releases
from pipelines.cluster.errors import ClusterError


@pytest.fixture
def revisions(monkeypatch):
    """helm with revisions that a test gives: (number of the release, status) in their order."""
    done = []

    def become(*those):
        history = [{"revision": number, "status": status} for number, (_, status) in enumerate(those, 1)]
        monkeypatch.setattr(helm, "history", lambda release, namespace: history)
        monkeypatch.setattr(
            helm,
            "values",
            lambda release, namespace, revision: {
                "image": f"image {those[revision - 1][0]}",
                "provenance": {"release": str(those[revision - 1][0]), "model": "m"},
            },
        )
        monkeypatch.setattr(helm, "rollback", lambda *call: done.append(call))
        return done

    return become


def numbers():
    return [(one.number, one.revision, one.current) for one in releases.load_all("w", "models")]


def test_nothing_is_released_at_first(revisions):
    revisions()
    assert numbers() == []
    assert releases.next_number([]) == 1


def test_a_rollback_is_no_new_release(revisions):
    revisions((1, "superseded"), (2, "superseded"), (1, "deployed"))
    assert numbers() == [(1, 3, True), (2, 2, False)]
    assert releases.next_number(releases.load_all("w", "models")) == 3


def test_what_never_served_is_no_release(revisions):
    revisions((1, "deployed"), (2, "failed"), (2, "pending-upgrade"))
    assert numbers() == [(1, 1, True)]


def test_back_is_to_the_one_before_the_current(revisions):
    done = revisions((1, "superseded"), (2, "superseded"), (3, "deployed"))
    assert releases.roll_back("w", "models", None).number == 2
    assert done == [("w", "models", 2)]


def test_back_twice_is_two_back(revisions):
    done = revisions((1, "superseded"), (2, "superseded"), (3, "superseded"), (2, "deployed"))
    assert releases.roll_back("w", "models", None).number == 1
    assert done == [("w", "models", 1)]


def test_any_release_can_be_named_a_later_one_too(revisions):
    done = revisions((1, "superseded"), (2, "superseded"), (1, "deployed"))
    assert releases.roll_back("w", "models", 2).number == 2
    assert done == [("w", "models", 2)]


def test_what_serves_already_is_left_alone(revisions):
    done = revisions((1, "superseded"), (2, "deployed"))
    assert releases.roll_back("w", "models", 2).number == 2
    assert done == []


@pytest.mark.parametrize("number", [None, 7])
def test_what_is_not_there_is_told(revisions, number):
    revisions((1, "deployed"))
    with pytest.raises(ClusterError, match="stillhouse releases --cluster"):
        releases.roll_back("w", "models", number)

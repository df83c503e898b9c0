"""YAML becomes dataclasses, or an error that says where it doesn't fit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import pytest

from hub.errors import HubError
from hub.typed import build


@dataclass(frozen=True)
class Inner:
    size: str


@dataclass(frozen=True)
class Outer:
    start_timeout: int
    share: float = 1.0
    on: bool = False
    names: tuple[str, ...] = ()
    inner: Inner | None = None
    inners: tuple[Inner, ...] = ()
    labels: Mapping[str, str] = field(default_factory=dict)


def test_every_kind_of_field_is_read():
    data = {
        "startTimeout": 3,
        "share": 2,
        "on": True,
        "names": ["a", "b"],
        "inner": {"size": "1Gi"},
        "inners": [{"size": "2Gi"}],
        "labels": {"pool": "cpu"},
    }
    assert build(Outer, data, "s") == Outer(3, 2.0, True, ("a", "b"), Inner("1Gi"), (Inner("2Gi"),), {"pool": "cpu"})


def test_what_is_left_out_has_its_default():
    assert build(Outer, {"startTimeout": 3}, "s") == Outer(3)


def test_none_is_taken_where_it_is_allowed():
    assert build(Outer, {"startTimeout": 3, "inner": None}, "s").inner is None


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({"startTimeout": 3, "startTimout": 4}, "s: 'startTimout' means nothing here. Is startTimeout meant?"),
        ({"startTimeout": 3, "start_timeout": 4}, "'start_timeout' means nothing here. Is startTimeout meant?"),
        ({"startTimeout": 3, "zzz": 4}, "s: 'zzz' means nothing here. What there is: startTimeout, share, on,"),
        ({"startTimeout": 3, 7: 4}, "s: 7 means nothing here."),
        ({}, "s: startTimeout must be set, and is not."),
        ({"startTimeout": "3"}, "s.startTimeout: it must be a whole number, and is '3'."),
        ({"startTimeout": True}, "s.startTimeout: it must be a whole number, and is True."),
        ({"startTimeout": 3.5}, "s.startTimeout: it must be a whole number, and is 3.5."),
        ({"startTimeout": 3, "share": "much"}, "s.share: it must be a number, and is 'much'."),
        ({"startTimeout": 3, "share": False}, "s.share: it must be a number, and is False."),
        ({"startTimeout": 3, "on": 1}, "s.on: it must be true or false, and is 1."),
        ({"startTimeout": 3, "names": "a"}, "s.names: it must be a list, and is 'a'."),
        ({"startTimeout": 3, "names": ["a", 2]}, "s.names[1]: it must be a text, and is 2."),
        ({"startTimeout": 3, "names": None}, "s.names: it must be a list, and is None."),
        ({"startTimeout": 3, "inners": [{"size": "1Gi"}, {}]}, "s.inners[1]: size must be set, and is not."),
        ({"startTimeout": 3, "inner": ["1Gi"]}, "s.inner: it must hold names with values, and is ['1Gi']."),
        ({"startTimeout": 3, "labels": {"pool": 1}}, "s.labels.pool: it must be a text, and is 1."),
        (None, "s: it must hold names with values, and is None."),
    ],
)
def test_what_does_not_fit_is_told_with_its_place(data, message):
    with pytest.raises(HubError) as told:
        build(Outer, data, "s")
    assert message in str(told.value)

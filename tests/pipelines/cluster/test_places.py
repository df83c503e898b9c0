"""Orders are read as they were written."""

from __future__ import annotations

import json

import pytest

from pipelines.cluster.errors import ClusterError
from pipelines.cluster.places import (
    RecordOrder,
    ReleaseOrder,
    StepOrder,
    read_record,
    read_release,
    read_step,
    write,
)

STEP = StepOrder(
    "train", "notebooks/größe", "notebooks/größe/deep", "a 'b' \"c\"", ("x", "y"), None, {"before": ("z",)}
)
RELEASE = ReleaseOrder("w", "w-1", "c" * 40, "train", ("m",), "m", "base", "registry/x", True, "models", ("pull",))
RECORD = RecordOrder("notebooks/w", "w-1", "c" * 40, (STEP, STEP), True, "http://git/x.git", False)


def test_orders_are_read_as_they_were_written():
    assert read_step(write(STEP)) == STEP
    assert read_release(write(RELEASE)) == RELEASE
    assert read_record(write(RECORD)) == RECORD


@pytest.mark.parametrize(
    ("read", "order"),
    [(read_step, STEP), (read_release, RELEASE), (read_record, RECORD)],
    ids=["step", "release", "record"],
)
def test_an_order_of_another_version_is_refused(read, order):
    values = json.loads(write(order))
    for other in ({**values, "more": 1}, {name: value for name, value in values.items() if name != "analysis"}):
        with pytest.raises(ClusterError, match="written by another version than this image's"):
            read(json.dumps(other))

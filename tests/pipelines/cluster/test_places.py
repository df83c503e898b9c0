"""Orders are read as they were written."""

from __future__ import annotations

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

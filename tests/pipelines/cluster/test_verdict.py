"""What the author reads."""

from __future__ import annotations

from pipelines.cluster.verdict import LONGEST, verdict
from pipelines.record import Record, StepRecord


def record(status, *steps, **more):
    return Record("w-1", "w", "now", status, 61.4, commit="c" * 40, steps=list(steps), **more)


def test_a_release_is_told_with_its_model_and_image():
    told = verdict(
        record("passed", StepRecord("train", "ran"), metrics={"precision": 0.50701}),
        {"release": 3, "new": True, "model": "a" * 64, "image": "registry/x@sha256:1"},
    )
    assert told == (
        "run w-1 of commit cccccccccccc: passed in 61 s\n"
        "release 3 serves: model aaaaaaaaaaaa, image registry/x@sha256:1\n"
        "metrics: precision 0.507\n"
    )


def test_what_serves_already_is_not_released_anew():
    told = verdict(record("passed"), {"release": 3, "new": False, "model": "a" * 64, "image": "x"})
    assert "release 3 serves this very model and code already: nothing new is released" in told


def test_a_stop_says_why_and_what_was_not_run():
    told = verdict(
        record(
            "failed",
            StepRecord("gate-input", "failed", 1.0, "row 3: a size of -1.\nMeasure it again."),
            StepRecord("prepare", "blocked", message="needs gate-input"),
            StepRecord("train", "blocked", message="needs prepare"),
        ),
        {},
    )
    assert told == (
        "run w-1 of commit cccccccccccc: failed in 61 s\n"
        "nothing is released; what serves stays as it is\n"
        "\n"
        "✗ gate-input\n"
        "    row 3: a size of -1.\n"
        "    Measure it again.\n"
        "\n"
        "· not run: prepare, train\n"
    )


def test_a_flood_is_cut():
    told = verdict(record("failed", StepRecord("x", "failed", 1.0, "y" * 50_000)), {})
    assert len(told) < LONGEST + 10
    assert told.endswith(" …\n")

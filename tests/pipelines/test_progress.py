"""What a person sees while a run goes on."""

from __future__ import annotations

import io

import pytest

from pipelines.progress import Progress
from pipelines.record import StepRecord


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("step", "line"),
    [
        (StepRecord("train", "ran", 2.04), "  ✓ train                2.0 s  ran\n"),
        (StepRecord("train", "cached"), "  ✓ train                       up to date\n"),
        (StepRecord("train", "restored", 0.12), "  ✓ train                0.1 s  restored from cache\n"),
        (
            StepRecord("train", "blocked", 0.0, "needs ingest"),
            "  · train                       blocked (needs ingest)\n",
        ),
    ],
    ids=lambda value: value.status if isinstance(value, StepRecord) else "",
)
def test_a_step_that_ended_is_one_line(step: StepRecord, line: str) -> None:
    out = io.StringIO()
    Progress(out).end(step)
    assert out.getvalue() == line


def test_a_failure_shows_what_it_said_even_when_quiet() -> None:
    out = io.StringIO()
    progress = Progress(out, quiet=True)
    progress.end(StepRecord("ingest", "ran", 1.0))
    progress.end(StepRecord("train", "failed", 1.0, "first line\nsecond line"))
    assert "ingest" not in out.getvalue()
    assert "    first line\n    second line\n" in out.getvalue()


def test_a_terminal_that_can_not_go_back_gets_plain_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "dumb")
    out = Terminal()
    Progress(out).start("train")
    assert out.getvalue() == ""


def test_a_terminal_shows_what_is_running_now(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    out = Terminal()
    progress = Progress(out)
    progress.start("explore")
    progress.start("train")
    assert out.getvalue().endswith("  … explore, train")
    progress.end(StepRecord("train", "ran", 1.0))
    assert out.getvalue().endswith("  … explore")


def test_a_listener_that_goes_away_does_not_stop_the_run() -> None:
    class Gone(io.StringIO):
        def write(self, _text: str) -> int:
            raise BrokenPipeError

    progress = Progress(Gone())
    progress.end(StepRecord("train", "ran", 1.0))
    progress.end(StepRecord("train", "ran", 1.0))

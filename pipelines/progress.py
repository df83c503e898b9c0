"""Tell a person how a run goes: one line a step as it ends, and on a terminal what is running now."""

from __future__ import annotations

import io
import os
import sys
from typing import TextIO

from pipelines.record import StepRecord

MARKS = {"ran": "✓", "restored": "✓", "cached": "✓", "failed": "✗", "blocked": "·"}
WORDS = {"restored": "restored from cache", "cached": "up to date"}


class Progress:
    """Prints to `out`; `quiet` prints nothing but failures."""

    def __init__(self, out: TextIO | None = None, *, quiet: bool = False) -> None:
        self.out = out or sys.stdout
        self.quiet = quiet
        self.running: list[str] = []
        self.rewrites = self.out.isatty() and os.environ.get("TERM", "dumb") != "dumb"

    def start(self, name: str) -> None:
        """A step has begun."""
        self.running.append(name)
        self._show_running()

    def end(self, step: StepRecord) -> None:
        """A step has ended."""
        if step.name in self.running:
            self.running.remove(step.name)
        if not self.quiet or step.status == "failed":
            seconds = f"{step.seconds:5.1f} s" if step.status in ("ran", "restored", "failed") else "       "
            word = WORDS.get(step.status, step.status)
            reason = f" ({step.message})" if step.status == "blocked" else ""
            self._line(f"  {MARKS[step.status]} {step.name:<18} {seconds}  {word}{reason}")
            if step.status == "failed":
                self._line("\n" + "\n".join(f"    {line}" for line in step.message.splitlines()) + "\n")
        self._show_running()

    def _line(self, text: str) -> None:
        try:
            print(f"{self._clear()}{text}", file=self.out, flush=True)
        except BrokenPipeError:  # whoever listened has gone (… | head); the run goes on
            self.out = io.StringIO()

    def _show_running(self) -> None:
        if not self.quiet and self.rewrites:
            text = f"  … {', '.join(self.running)}" if self.running else ""
            print(f"{self._clear()}{text}", end="", file=self.out, flush=True)

    def _clear(self) -> str:
        return "\r\x1b[K" if self.rewrites else ""

"""What a demo shows: told on the screen as it goes, kept with its figures and screenshots in a folder."""

from __future__ import annotations

import json
import textwrap
import time
from pathlib import Path

from playwright.sync_api import Page


class Story:
    """A transcript (`story.txt`), figures (`figures.json`) and numbered screenshots in `folder`, made anew."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.figures: dict[str, float] = {}
        self._begun = time.monotonic()
        self._shots = 0
        folder.mkdir(parents=True, exist_ok=True)
        for old in [*folder.glob("*.png"), folder / "story.txt", folder / "figures.json"]:
            old.unlink(missing_ok=True)

    def tell(self, what: str, shown: str = "") -> None:
        """A thing that happened, and what a program showed of it."""
        lines = f"[{time.monotonic() - self._begun:5.0f} s] {what}\n" + textwrap.indent(shown.strip("\n"), "    ")
        with (self.folder / "story.txt").open("a", encoding="utf-8") as story:
            story.write(lines.rstrip("\n") + "\n")
        print(lines.rstrip("\n"), flush=True)

    def measure(self, name: str, seconds: float) -> None:
        """A figure, in seconds."""
        self.figures[name] = round(seconds, 1)
        (self.folder / "figures.json").write_text(json.dumps(self.figures, indent=1) + "\n", encoding="utf-8")
        self.tell(f"measured: {name} {seconds:.1f} s")

    def shoot(self, page: Page, name: str) -> None:
        """Keep what the page shows."""
        self._shots += 1
        page.screenshot(path=self.folder / f"{self._shots:02}-{name}.png", animations="disabled")

"""Copies of the whisky analysis to spoil, and the gatehouse that judges them."""

from __future__ import annotations

import csv
import io
import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from refresh_outputs import NOTEBOOKS, reference_copy

PIPELINE = ("settings", "contract", "quality")


@dataclass(frozen=True)
class Verdict:
    """Which gate stopped a delivery (None: all passed), what it said, and the checks that failed."""

    stopped_by: str | None
    message: str
    passed: dict[str, list[str]]

    @property
    def failed(self) -> set[str]:
        return {line.removeprefix("✗ ") for line in self.message.splitlines() if line.startswith("✗ ")}


@dataclass(frozen=True)
class Delivery:
    """A copy of the analysis whose data can be changed as a supplier might, and judged."""

    folder: Path
    _ask: Callable[[dict[str, object]], dict[str, object]]

    @property
    def whiskies(self) -> Path:
        return self.folder / "data" / "whiskies.csv"

    @property
    def classes(self) -> Path:
        return self.folder / "data" / "wishart_classes.csv"

    def rows(self) -> list[list[str]]:
        """The cells of whiskies.csv as delivered, header first."""
        return list(csv.reader(io.StringIO(self.whiskies.read_text(encoding="utf-8"))))

    def write(self, rows: list[list[str]], path: Path | None = None) -> None:
        buffer = io.StringIO()
        csv.writer(buffer, lineterminator="\n").writerows(rows)
        (path or self.whiskies).write_text(buffer.getvalue(), encoding="utf-8")

    def line(self, whisky: str) -> int:
        """The line number, from 1, of a whisky by its raw name."""
        return next(number for number, row in enumerate(self.rows(), start=1) if row[1].strip() == whisky)

    def set_cell(self, whisky: str, column: str, value: str) -> None:
        rows = self.rows()
        rows[self.line(whisky) - 1][self.column(column)] = value
        self.write(rows)

    def column(self, name: str) -> int:
        return [cell.strip() for cell in self.rows()[0]].index(name)

    def set_setting(self, name: str, value: str | None) -> int:
        """Write another value behind a setting in params.yaml, or (None) take it out; gives its line."""
        path = self.folder / "params.yaml"
        lines = path.read_text(encoding="utf-8").splitlines()
        line = next(number for number, text in enumerate(lines) if text.startswith(f"{name}:"))
        lines[line : line + 1] = [] if value is None else [f"{name}: {value}"]
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        return line + 1

    def judge(self, *gates: str, steps: bool = True, serve: Path | None = None) -> Verdict:
        """What the pipeline's gates say, in order, up to the first that stops."""
        answer = self._ask(
            {
                "folder": str(self.folder),
                "gates": gates or PIPELINE,
                "steps": steps,
                "serve": str(serve) if serve else None,
            }
        )
        return Verdict(**answer)  # type: ignore[arg-type]


@pytest.fixture(scope="session")
def gatehouse() -> Iterator[Callable[[dict[str, object]], dict[str, object]]]:
    """Ask it to judge a folder; it is started at the first question."""
    command = [sys.executable, str(Path(__file__).with_name("gatehouse.py"))]
    process = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    assert process.stdin is not None
    assert process.stdout is not None

    def ask(request: dict[str, object]) -> dict[str, object]:
        process.stdin.write(json.dumps(request) + "\n")
        process.stdin.flush()
        answer = process.stdout.readline()
        assert answer, "the gatehouse died"
        return json.loads(answer)

    yield ask
    process.stdin.close()
    process.stdout.close()
    process.wait(timeout=30)


@pytest.fixture(scope="session")
def good(gatehouse, tmp_path_factory) -> Path:
    """The analysis on its reference data, all steps taken, and that as the last release."""
    folder = reference_copy(NOTEBOOKS / "whisky", tmp_path_factory.mktemp("good") / "whisky")
    gatehouse({"folder": str(folder), "gates": ["contract", "quality"], "steps": True, "serve": None})
    shutil.copyfile(folder / "build" / "summary.json", folder / "released.json")
    return folder


@pytest.fixture
def delivery(good, gatehouse, tmp_path) -> Delivery:
    """A copy to spoil; all is well with it so far."""
    folder = tmp_path / "the analysis"  # a blank in the path must not matter
    shutil.copytree(good, folder, ignore=shutil.ignore_patterns("*.ipynb", "coast", "reference"))
    return Delivery(folder, gatehouse)

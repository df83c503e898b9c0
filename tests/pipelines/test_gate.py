"""A gate stops a run for every reason it should, and says why."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

STILLHOUSE = Path(sys.executable).parent / "stillhouse"


def gate(folder: Path, body: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    tests = folder / "gates" / "checks"
    tests.mkdir(parents=True, exist_ok=True)
    (tests / "test_checks.py").write_text(body)
    return subprocess.run(
        [STILLHOUSE, "gate", "checks", *arguments], cwd=folder, capture_output=True, text=True, check=False
    )


def verdict(folder: Path) -> dict[str, object]:
    found: dict[str, object] = json.loads((folder / "build" / "gates" / "checks.json").read_text())
    return found


def test_a_gate_that_passes_lists_its_checks_and_nothing_that_varies(tmp_path: Path) -> None:
    done = gate(tmp_path, "def test_b(): pass\ndef test_a(): pass\n")
    assert done.returncode == 0, done.stderr
    assert verdict(tmp_path) == {
        "gate": "checks",
        "passed": True,
        "checks": ["test_checks.py::test_a", "test_checks.py::test_b"],
    }
    assert "testsuite" in (tmp_path / "build" / "gates" / "checks.xml").read_text()


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ("def test_a(): assert 1 == 2", "assert 1 == 2"),
        ("import pytest\ndef test_a(): pytest.skip('later')", "skipped, and a gate's check can't be"),
        ("import pytest\n@pytest.fixture\ndef x(): 1/0\ndef test_a(x): pass", "ZeroDivisionError"),
        ("import no_such_module", "no_such_module"),
        ("", "there is not one test in gates/checks/"),
        ("import warnings\ndef test_a(): warnings.warn('old')", "UserWarning: old"),
        (
            "from pipelines.findings import Finding, stop_if\n"
            "def test_a(): stop_if([Finding('a.csv, row 3, column Body', 'a score of 7', 'Give 0 to 4.')])",
            "a.csv, row 3, column Body: a score of 7. Give 0 to 4.",
        ),
    ],
    ids=["assert", "skip", "fixture", "import", "empty", "warning", "finding"],
)
def test_a_gate_stops_and_says_why(tmp_path: Path, body: str, told: str) -> None:
    done = gate(tmp_path, body)
    assert done.returncode == 1
    assert told in done.stderr
    assert "Traceback (most recent call last)" not in done.stderr
    assert verdict(tmp_path)["passed"] is False


def test_what_stands_in_the_way_is_told_before_what_waits_for_it(tmp_path: Path) -> None:
    body = (
        "from pipelines.findings import WAITS, Finding, stop_if\n"
        "def test_a(): stop_if([Finding('a.csv', f'{WAITS} (a score of 7)', 'Mend that first')])\n"
        "def test_z(): stop_if([Finding('a.csv, row 3', 'a score of 7', 'Give 0 to 4')])\n"
    )
    said = gate(tmp_path, body).stderr
    assert said.index("a.csv, row 3: a score of 7. Give 0 to 4") < said.index("test_checks.py::test_a")
    assert "waits for the above to be mended" in said


def test_several_processes_come_to_the_same_verdict(tmp_path: Path) -> None:
    body = "import pytest\n@pytest.mark.parametrize('i', range(4))\ndef test_a(i): assert i != 2\n"
    alone = gate(tmp_path, body)
    one = verdict(tmp_path)
    shared = gate(tmp_path, body, "-n", "2")
    assert (alone.returncode, shared.returncode) == (1, 1)
    assert verdict(tmp_path) == one
    assert "1 of 4 checks failed" in shared.stderr


def test_an_unknown_gate_is_named(tmp_path: Path) -> None:
    done = subprocess.run([STILLHOUSE, "gate", "beer"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "there is no such gate" in done.stderr


def test_the_checkouts_own_pytest_settings_do_not_matter(tmp_path: Path) -> None:
    (tmp_path / "pytest.ini").write_text("[pytest]\naddopts = --deselect gates/checks/test_checks.py::test_a\n")
    assert gate(tmp_path, "def test_a(): assert False\n").returncode == 1

"""Run a gate: a folder of pytest files whose every test must pass, none may be skipped, and at least one must exist."""

from __future__ import annotations

import io
import os
import shlex
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, redirect_stdout
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from pipelines import service
from pipelines.errors import StillhouseError
from pipelines.files import write_json
from pipelines.findings import WAITS

URL_VARIABLE = "STILLHOUSE_URL"


class GateError(StillhouseError):
    """A gate that stopped the run; the text lists every finding."""


@dataclass
class Verdict:
    """What a gate found: the tests that passed, and a message for each that did not."""

    gate: str
    passed: list[str] = field(default_factory=list)
    failures: dict[str, str] = field(default_factory=dict)

    @property
    def ok(self) -> bool:
        """Whether the run may go on."""
        return bool(self.passed) and not self.failures

    def __str__(self) -> str:
        if not self.passed and not self.failures:
            return f"gate {self.gate}: there is not one test in gates/{self.gate}/, and a gate must check something."
        lines = [f"gate {self.gate}: {len(self.failures)} of {len(self.failures) + len(self.passed)} checks failed"]
        waiting = {test for test, message in self.failures.items() if WAITS in message}
        told = self.failures if len(waiting) == len(self.failures) else set(self.failures) - waiting
        for test in sorted(told):
            lines += ["", f"✗ {test}", *(f"    {line}" for line in self.failures[test].splitlines())]
        for test in sorted(set(self.failures) - set(told)):
            lines += ["", f"✗ {test}", "    waits for the above to be mended"]
        return "\n".join(lines)


class _Collector:
    """A pytest plugin that turns reports into a verdict."""

    def __init__(self, verdict: Verdict) -> None:
        self.verdict = verdict

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Note one phase of one test; a skipped test counts as failed, for a gate can't be skipped."""
        test = report.nodeid.rsplit("/", 1)[-1]
        if report.failed:
            self.verdict.failures[test] = _message(report)
        elif report.skipped:
            self.verdict.failures[test] = "skipped, and a gate's check can't be: make it run, or delete it"
        elif report.when == "call":
            self.verdict.passed.append(test)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Note a file that could not be imported."""
        if report.failed:
            self.verdict.failures[report.nodeid.rsplit("/", 1)[-1]] = str(report.longrepr)


def run_gate(folder: Path, gate: str, *, workers: int = 0, serve: Path | None = None) -> Verdict:
    """Run `gates/<gate>` of the analysis in `folder` and write its verdict to `build/gates/`.

    `workers`: pytest-xdist processes (0: none). `serve`: a model folder to start a candidate service on, whose
    address the tests find in $STILLHOUSE_URL. Raises GateError unless every check passed.
    """
    tests = folder / "gates" / gate
    if not tests.is_dir():
        raise GateError(f"{tests}: there is no such gate. Mend the name in dvc.yaml, or add the folder with its tests.")
    verdict = Verdict(gate)
    # Only what we name is loaded: another plugin in the environment may not change a verdict, nor take its time.
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    # What pytest says to a person at a terminal is not wanted: the verdict tells it all.
    with _candidate(serve) if serve else nullcontext(), redirect_stdout(io.StringIO()):
        pytest.main(_arguments(folder, tests, gate, workers), plugins=[_Collector(verdict)])
    verdict.passed.sort()
    write_json(
        folder / "build" / "gates" / f"{gate}.json", {"gate": gate, "passed": verdict.ok, "checks": verdict.passed}
    )
    if not verdict.ok:
        raise GateError(str(verdict))
    return verdict


def _arguments(folder: Path, tests: Path, gate: str, workers: int) -> list[str]:
    junit = folder / "build" / "gates" / f"{gate}.xml"
    arguments = [str(tests), "-qq", "--capture=fd", "--tb=short"]
    # Stand alone: neither the checkout's pytest settings nor its caches may change a verdict.
    arguments += ["-c", os.devnull, f"--rootdir={folder}", f"--confcutdir={folder}", "-p", "no:cacheprovider"]
    arguments += ["-o", f"pythonpath={shlex.quote(str(folder))}", "--import-mode=importlib", "--strict-markers"]
    arguments += ["-W", "error", f"--junitxml={junit}"]
    return [*arguments, "-p", "xdist.plugin", "-n", str(workers)] if workers else arguments


@contextmanager
def _candidate(model: Path) -> Iterator[None]:
    with TemporaryDirectory(prefix="stillhouse-") as scratch, service.running(model, Path(scratch)) as ready:
        before = os.environ.get(URL_VARIABLE)
        os.environ[URL_VARIABLE] = ready.url
        try:
            yield
        finally:
            os.environ.pop(URL_VARIABLE)
            if before is not None:
                os.environ[URL_VARIABLE] = before


def _message(report: pytest.TestReport) -> str:
    """The finding itself where the test gave one by stop_if, else pytest's own short account."""
    text = report.longreprtext.strip()
    return text if len(text) < 20_000 else text[:20_000] + " …"

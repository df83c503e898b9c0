"""Jobs side by side, in order, each failure blocking only what needs it."""

from __future__ import annotations

import os
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

from pipelines.schedule import Outcome, Schedule, Status


@dataclass(frozen=True)
class Work:
    name: str
    needs: tuple[str, ...] = ()


DIAMOND = [Work("a"), Work("b", ("a",)), Work("c", ("a",)), Work("d", ("b", "c"))]


def test_what_is_needed_comes_first(tmp_path: Path) -> None:
    def work(name: str) -> Status:
        needs = {job.name: job.needs for job in DIAMOND}[name]
        assert all((tmp_path / need).exists() for need in needs)
        (tmp_path / name).touch()
        return "ran"

    outcomes = Schedule(DIAMOND, work, tmp_path / "logs").run()
    assert {name: outcome.status for name, outcome in outcomes.items()} == dict.fromkeys("abcd", "ran")
    assert next(iter(outcomes)) == "a"
    assert list(outcomes)[-1] == "d"


def test_independent_jobs_meet(tmp_path: Path) -> None:
    """Each waits for the other to have begun: alone, neither would ever end."""

    def work(name: str) -> Status:
        (tmp_path / name).touch()
        deadline = time.monotonic() + 30
        while len(list(tmp_path.glob("[xy]"))) < 2:
            assert time.monotonic() < deadline
            time.sleep(0.005)
        return "ran"

    outcomes = Schedule([Work("x"), Work("y")], work, tmp_path / "logs", workers=2).run()
    assert {outcome.status for outcome in outcomes.values()} == {"ran"}


def test_no_more_than_the_workers_run_at_once(tmp_path: Path) -> None:
    def work(name: str) -> Status:
        (tmp_path / name).touch()
        time.sleep(0.05)
        assert len(list(tmp_path.glob("job-*"))) <= 2
        (tmp_path / name).unlink()
        return "ran"

    jobs = [Work(f"job-{number}") for number in range(6)]
    assert {one.status for one in Schedule(jobs, work, tmp_path / "logs", workers=2).run().values()} == {"ran"}


def test_a_failure_blocks_what_needs_it_and_nothing_else(tmp_path: Path) -> None:
    def work(name: str) -> Status:
        if name == "b":
            raise ValueError("no good")
        return "ran"

    ended: list[Outcome] = []
    Schedule([*DIAMOND, Work("e", ("d",))], work, tmp_path / "logs", on_end=ended.append).run()
    found = {outcome.name: (outcome.status, outcome.message) for outcome in ended}
    assert found["b"] == ("failed", "ValueError: no good")
    assert found["c"] == ("ran", "")
    assert found["d"] == ("blocked", "needs b")
    assert found["e"] == ("blocked", "needs d")


def test_a_process_that_dies_is_a_failure(tmp_path: Path) -> None:
    outcomes = Schedule([Work("a")], lambda _name: os._exit(9), tmp_path / "logs").run()
    assert outcomes["a"].status == "failed"
    assert "died (exit 9)" in outcomes["a"].message


def test_what_a_job_prints_goes_to_its_log(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    def work(name: str) -> Status:
        os.write(1, b"from the job\n")
        return "ran"

    Schedule([Work("a")], work, tmp_path / "logs").run()
    assert (tmp_path / "logs" / "a.log").read_text() == "from the job\n"
    assert capfd.readouterr().out == ""


def test_what_is_done_already_is_not_done_again(tmp_path: Path) -> None:
    outcomes = Schedule([Work("a")], lambda _name: os._exit(1), tmp_path / "logs").run(already=["a"])
    assert outcomes["a"].status == "cached"


def test_a_failure_tells_its_cause_too(tmp_path: Path) -> None:
    def work(name: str) -> Status:
        try:
            raise KeyError("hub_limit")
        except KeyError as error:
            raise ValueError("failed to reproduce") from error

    message = Schedule([Work("a")], work, tmp_path / "logs").run()["a"].message
    assert message == "ValueError: failed to reproduce\nKeyError: 'hub_limit'"


def test_an_interrupt_ends_the_jobs_and_their_commands(tmp_path: Path) -> None:
    def work(name: str) -> Status:
        command = subprocess.Popen(["sleep", "60"])
        (tmp_path / "pid.aside").write_text(str(command.pid))
        (tmp_path / "pid.aside").rename(tmp_path / "pid")
        command.wait()
        return "ran"

    def interrupt(name: str) -> None:
        if name == "b":
            while not (tmp_path / "pid").exists():
                time.sleep(0.005)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Schedule([Work("a"), Work("b")], work, tmp_path / "logs", workers=2, on_start=interrupt).run()
    stat = Path("/proc") / (tmp_path / "pid").read_text() / "stat"
    deadline = time.monotonic() + 10
    while stat.exists() and stat.read_text().rsplit(")", 1)[1].split()[0] != "Z":
        assert time.monotonic() < deadline, "the command goes on"
        time.sleep(0.01)


def test_an_interrupt_ends_the_jobs(tmp_path: Path) -> None:
    def work(name: str) -> Status:
        (tmp_path / "pid").write_text(str(os.getpid()))
        time.sleep(60)
        return "ran"

    def interrupt(name: str) -> None:
        if name == "b":
            while not (tmp_path / "pid").exists() or not (tmp_path / "pid").read_text():
                time.sleep(0.005)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Schedule([Work("a"), Work("b")], work, tmp_path / "logs", workers=2, on_start=interrupt).run()
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "pid").read_text()), 0)

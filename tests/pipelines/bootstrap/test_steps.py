"""How a step is run and told of."""

import signal
import subprocess
import sys

import pytest

from pipelines.bootstrap import steps


def test_a_step_is_one_line_with_its_time(capsys):
    steps.run("making tea", [sys.executable, "-c", "print('steam')"])
    assert capsys.readouterr().out.startswith("  making tea ")
    assert "steam" not in capsys.readouterr().out


def test_a_failed_step_shows_the_end_of_what_it_said(capsys):
    code = "import sys; [print(f'line {n}') for n in range(100)]; sys.exit('kettle: certificate expired')"
    with pytest.raises(steps.StopError) as stopped:
        steps.run("making tea", [sys.executable, "-u", "-c", code])
    lines = str(stopped.value).splitlines()
    assert lines[0] == "making tea: failed."
    assert "    line 99" in lines
    assert "    line 50" not in lines
    assert "    kettle: certificate expired" in lines
    assert lines[-1].startswith("Point SSL_CERT_FILE")


@pytest.mark.parametrize(
    ("said", "mend"),
    [
        ("error sending request for url: operation timed out", "Look at the network"),
        ("Failed to establish a new connection: [Errno 111] Connection refused", "Look at the network"),
        ("Temporary failure in name resolution: could not resolve host", "Look at the network"),
        ("invalid peer certificate: UnknownIssuer", "SSL_CERT_FILE"),
        ("OSError: [Errno 28] No space left on device", "The disk is full"),
        ("something else", "make clean"),
    ],
)
def test_each_usual_failure_has_its_mend(said, mend):
    assert mend in steps.hint(said)


def test_a_program_that_is_not_there_prints_nothing():
    assert steps.output_of(["/no/such/program"]) is None
    assert steps.output_of([sys.executable, "-c", "raise SystemExit(1)"]) is None
    assert steps.output_of([sys.executable, "-c", "print('yes')"]) == "yes\n"


def test_an_interrupted_step_does_not_go_on(monkeypatch):
    started = []

    def interrupt(process, **_named):
        started.append(process)
        raise KeyboardInterrupt

    monkeypatch.setattr(subprocess.Popen, "communicate", interrupt)
    with pytest.raises(KeyboardInterrupt):
        steps.run("making tea", [sys.executable, "-c", "import time; time.sleep(600)"])
    assert started[0].wait(10) == -signal.SIGKILL
    started[0].stdout.close()

"""The bootstrap as make runs it: each missing prerequisite is named with its mend, before anything is made."""

import socket
import sys

import pytest

from pipelines.bootstrap import __main__ as bootstrap


def test_a_fresh_checkout_is_set_up_and_the_second_time_nothing_is_done(checkout):
    first = checkout.bootstrap("up")
    assert (first.returncode, first.stderr) == (0, "")
    assert "the locked packages into .venv" in first.stdout
    second = checkout.bootstrap("up")
    assert (second.returncode, second.stdout, second.stderr) == (0, "", "")
    assert len(checkout.calls) == 1


def test_without_git_nothing_is_made(checkout):
    (checkout.programs / "git").unlink()
    before = checkout.files()
    told = checkout.bootstrap("up")
    assert told.returncode == 1
    assert "git is missing: sudo apt-get install git" in told.stderr
    assert checkout.files() == before


def test_outside_a_git_checkout_nothing_is_made(checkout):
    (checkout.root / ".git").rename(checkout.root.parent / "elsewhere")
    before = checkout.files()
    told = checkout.bootstrap("all")
    assert told.returncode == 1
    assert "is no git checkout" in told.stderr
    assert "git clone" in told.stderr
    assert checkout.files() == before


def test_with_the_port_in_use_nothing_is_made(checkout):
    before = checkout.files()
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        told = checkout.bootstrap("up", "--port", str(port))
    assert told.returncode == 1
    assert f"port {port} is in use" in told.stderr
    assert f"make up PORT={port + 1}" in told.stderr
    assert checkout.files() == before


def test_without_pip_and_venv_nothing_is_made(checkout, monkeypatch, capsys):
    (checkout.programs / "uv").unlink()
    monkeypatch.setattr(bootstrap, "ROOT", checkout.root)
    monkeypatch.setitem(sys.modules, "pip", None)
    monkeypatch.setitem(sys.modules, "ensurepip", None)
    before = checkout.files()
    assert bootstrap.main(["up"]) == 1
    assert "has neither venv nor pip: sudo apt-get install python3" in capsys.readouterr().err
    assert checkout.files() == before


def test_on_an_old_python_nothing_is_made(checkout, monkeypatch, capsys):
    monkeypatch.setattr(bootstrap, "ROOT", checkout.root)
    monkeypatch.setattr(sys, "version_info", (3, 9, 2))
    before = checkout.files()
    assert bootstrap.main(["up"]) == 1
    assert "Python 3.11 or newer is needed (python3 is 3.9): sudo apt-get" in capsys.readouterr().err
    assert checkout.files() == before


def test_everything_missing_is_named_at_once(checkout):
    (checkout.programs / "git").unlink()
    with socket.create_server(("127.0.0.1", 0)) as taken:
        told = checkout.bootstrap("up", "--port", str(taken.getsockname()[1]))
    assert [line[:8] for line in told.stderr.splitlines()] == ["Before a", "  - git ", "  - port"]


def test_a_failed_install_says_what_to_do_and_is_mended_by_running_again(checkout):
    fail = checkout.programs / "fail"
    fail.write_text("error: Request failed: dns error: failed to lookup address")
    told = checkout.bootstrap("up")
    assert told.returncode == 1
    assert "dns error: failed to lookup address" in told.stderr
    assert "Look at the network" in told.stderr
    fail.unlink()
    assert checkout.bootstrap("up").returncode == 0
    assert checkout.bootstrap("up").stdout == ""


def test_an_interruption_is_told_without_a_traceback(checkout, monkeypatch, capsys):
    def interrupt(*_arguments):
        raise KeyboardInterrupt

    monkeypatch.setattr(bootstrap, "set_up", interrupt)
    assert bootstrap.main(["up"]) == 130
    assert "The same command goes on from here" in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [[], ["down"], ["up", "--port", "web"]])
def test_what_it_does_not_know_is_refused(arguments, capsys):
    with pytest.raises(SystemExit, match="2"):
        bootstrap.main(arguments)
    assert "usage: python3 -m pipelines.bootstrap" in capsys.readouterr().err

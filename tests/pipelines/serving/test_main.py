"""The command `python -m pipelines.serving` (pipelines/serving/__main__.py)."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from pipelines.serving import __main__ as main_module
from pipelines.serving import server


def test_defaults_reach_the_server(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []
    monkeypatch.setattr(sys, "argv", ["serving", "--model", "some/model"])
    monkeypatch.setattr(server, "serve", seen.append)
    assert main_module.main() == 0
    assert seen == [server.Options(Path("some/model"))]


def test_a_start_that_fails_is_one_line_and_exit_1(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "pipelines.serving", "--model", str(tmp_path)]
    ended = subprocess.run(command, capture_output=True, text=True)
    assert ended.returncode == 1
    assert ended.stdout == ""
    assert ended.stderr.count("\n") == 1
    assert "there is no model here" in ended.stderr


@pytest.mark.parametrize(
    "arguments", [[], ["--port", "65536"], ["--port", "x"], ["--drain", "-1"], ["--drain", "nan"], ["--what"]]
)
def test_wrong_arguments_are_refused(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], arguments: list[str]
) -> None:
    model = ["--model", "some/model"] if arguments else []
    monkeypatch.setattr(sys, "argv", ["serving", *model, *arguments])
    with pytest.raises(SystemExit) as ended:
        main_module.main()
    assert ended.value.code == 2
    assert (arguments or ["--model"])[0] in capsys.readouterr().err


def test_it_runs_from_any_folder(saved: Callable[..., Path], run_service: Callable) -> None:
    assert run_service(saved("a model with spaces")).get("/healthz").json() == {"status": "ok"}

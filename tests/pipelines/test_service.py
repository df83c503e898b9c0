"""The service as a process: started, found, refused, stopped."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from pipelines import service
from pipelines.analysis import Analysis
from pipelines.service import ServiceError


def test_a_service_answers_and_is_gone_afterwards(ran: Analysis, tmp_path: Path) -> None:
    with service.running(ran.model, tmp_path / "home") as ready:
        assert service.served_version(ready.url) == ready.model
        assert service.find(tmp_path / "home") == ready
        assert service.started_with(tmp_path / "home") == service.code_hash()
    assert service.find(tmp_path / "home") is None
    assert service.served_version(ready.url) is None


def test_a_model_that_is_refused_is_told_in_the_services_own_words(ran: Analysis, tmp_path: Path) -> None:
    (ran.model / "vectors.npy").write_bytes(b"x")
    with pytest.raises(ServiceError, match=r"vectors\.npy: its content does not match its hash"):
        service.start(ran.model, tmp_path / "home")


def test_a_stranger_with_the_same_process_number_is_not_ours(tmp_path: Path) -> None:
    ready = {"url": "http://127.0.0.1:1", "pid": os.getpid(), "model": "m"}
    (tmp_path / "ready.json").write_text(json.dumps(ready))
    assert service.find(tmp_path) is None


def test_a_damaged_new_model_is_not_taken_up(ran: Analysis, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with service.running(ran.model, tmp_path / "home") as ready:
        monkeypatch.setattr(service, "START_SECONDS", 0.5)
        (ran.model / "vectors.npy").write_bytes(b"x")
        with pytest.raises(ServiceError, match="serves the old one"):
            service.reload(ready, "0" * 64, tmp_path / "home")
        assert service.served_version(ready.url) == ready.model


@pytest.mark.parametrize("content", ["{", "{}", "[]", '{"pid": null}'])
def test_a_service_whose_ready_file_is_lost_is_found_all_the_same(ran: Analysis, tmp_path: Path, content: str) -> None:
    with service.running(ran.model, tmp_path / "home") as ready:
        (tmp_path / "home" / "ready.json").write_text(content)
        found = service.find(tmp_path / "home")
        assert found
        assert found.pid == ready.pid


def test_a_candidate_ends_with_whoever_started_it(ran: Analysis, tmp_path: Path) -> None:
    code = (
        "import sys, os; from pathlib import Path; from pipelines import service\n"
        "ready = service.start(Path(sys.argv[1]), Path(sys.argv[2]), stay=False)\n"
        "print(ready.pid, flush=True); os.kill(os.getpid(), 9)"
    )
    command = [sys.executable, "-c", code, str(ran.model), str(tmp_path / "home")]
    killed = subprocess.run(command, capture_output=True, text=True, check=False)
    assert killed.returncode == -9
    deadline = time.monotonic() + 10
    while service._is_service(int(killed.stdout)):
        assert time.monotonic() < deadline, "the candidate goes on"
        time.sleep(0.01)

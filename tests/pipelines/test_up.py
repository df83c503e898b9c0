"""The main job: run, package, release, serve; and what happens when something is in the way."""

from __future__ import annotations

import json
import socket
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipelines import release, service, up
from pipelines.analysis import Analysis
from pipelines.errors import StillhouseError
from pipelines.image.errors import ImageError


@pytest.fixture
def stopped_after(ran: Analysis) -> Iterator[Path]:
    home = ran.service
    yield home
    running = service.find(home)
    if running:
        service.stop(running)


def ask(port: int, path: str) -> dict[str, object]:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}") as answer:
        found: dict[str, object] = json.load(answer)
        return found


def test_from_a_run_to_a_service_and_through_good_and_bad_data(
    ran: Analysis, port: int, stopped_after: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """One story, since each chapter takes seconds: up, up again, bad data, good data, down."""
    assert up.up(ran, port)
    said = capsys.readouterr().out
    assert f"http://127.0.0.1:{port}/" in said
    first = service.find(stopped_after)
    assert first
    answer = ask(port, "/recommend?flower=rose&n=1")
    assert answer["neighbours"] == [{"flower": "tulip", "distance": pytest.approx(8**0.5, abs=1e-3)}]

    assert up.up(ran, port)
    assert service.find(stopped_after) == first
    assert "0 of 4 steps ran" in capsys.readouterr().out

    data = ran.folder / "data" / "flowers.csv"
    good = data.read_text()
    image = (ran.image / "index.json").read_bytes()
    data.write_text(good + "weed,-1,2\n")
    assert not up.up(ran, port)
    assert "nothing is released. Model" in capsys.readouterr().out
    assert ask(port, "/recommend?flower=rose&n=1") == answer
    assert (ran.image / "index.json").read_bytes() == image

    data.write_text(good + "lily,1,3\n")
    assert up.up(ran, port)
    after = service.find(stopped_after)
    assert after
    assert after.pid == first.pid, "a new model is taken up by the running service"
    newer = ask(port, "/recommend?flower=rose&n=1")
    assert newer["model"] != answer["model"]
    assert newer["neighbours"] == [{"flower": "lily", "distance": pytest.approx(2)}]
    assert (ran.image / "index.json").read_bytes() != image

    capsys.readouterr()
    up.roll_back(ran, None)
    assert ask(port, "/recommend?flower=rose&n=1") == answer
    assert (ran.image / "index.json").read_bytes() == image
    up.show_releases(ran)
    lines = capsys.readouterr().out.splitlines()
    assert [line.endswith("current") for line in lines[-2:]] == [True, False]

    up.down(ran.root)
    assert service.find(stopped_after) is None
    up.down(ran.root)
    assert "nothing is running" in capsys.readouterr().out


def test_a_port_in_use_is_named_before_any_work(ran: Analysis, port: int) -> None:
    before = set((ran.state / "runs").rglob("*"))
    with socket.socket() as other:
        other.bind(("127.0.0.1", port))
        other.listen()
        with pytest.raises(StillhouseError, match=rf"port {port} can't be used .*make up PORT={port + 1}"):
            up.up(ran, port)
    assert set((ran.state / "runs").rglob("*")) == before
    assert release.current(ran) is None


def test_without_an_image_the_model_is_served_all_the_same(
    ran: Analysis,
    port: int,
    stopped_after: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def offline(*_arguments: object, **_options: object) -> None:
        raise ImageError("the wheels can't be had")

    monkeypatch.setattr(up, "assemble", offline)
    assert up.up(ran, port)
    assert "no image: the wheels can't be had" in capsys.readouterr().out
    made = release.current(ran)
    assert made
    assert json.loads((made.folder / "provenance.json").read_text())["image"] is None
    assert ask(port, "/readyz")["model"] == made.version

"""The promise, whole: data comes and goes through the pipeline to the customer, and bad data never does."""

from __future__ import annotations

import json
import os
import shutil
import socket
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipelines import service, up
from pipelines.analysis import Analysis, find_analysis
from pipelines.graph import locked
from pipelines.workspace import trial

NEW = "87,Port Still,4,2,4,3,1,0,0,1,1,1,0,0, \tPA42 7DU, 138690,645170\n"


@pytest.fixture
def shop(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Iterator[Analysis]:
    """A copy of the whisky analysis, sharing only the cache of this checkout; its service is stopped at the end."""
    here = find_analysis("whisky", Path(__file__).parent)
    with trial(here, f"test-{socket.gethostname()}-{id(request)}", {}) as copy:
        monkeypatch.chdir(copy.root)
        yield copy
        up.down(copy.root)
        keep(copy.folder / "build" / "executed")


def keep(executed: Path) -> None:
    """Leave the executed notebooks and their pages where CI looks for them, whether the test passed or not."""
    artifacts = os.environ.get("STILLHOUSE_ARTIFACTS")
    if artifacts and executed.is_dir():
        shutil.copytree(executed, Path(artifacts, "executed"), dirs_exist_ok=True)


def neighbours(port: int, whisky: str) -> list[str]:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/recommend?whisky={whisky}&n=5") as answer:
        return [one["whisky"] for one in json.load(answer)["neighbours"]]


def test_data_flows_to_the_customer_and_bad_data_does_not(
    shop: Analysis, port: int, capsys: pytest.CaptureFixture[str]
) -> None:
    data = shop.folder / "data" / "whiskies.csv"
    delivered = data.read_text()
    assert up.up(shop, port), capsys.readouterr().out
    assert neighbours(port, "Laphroaig")[0] == "Lagavulin"
    first = service.find(shop.service)
    assert first
    committed = find_analysis("whisky", Path(__file__).parent)
    assert locked(shop) == locked(committed), (
        "this checkout gives other results than notebooks/whisky/dvc.lock says (or a step's inputs changed since): "
        "remove dvc.lock (DVC keeps inputs in it that a step no longer has), run stillhouse run, and commit it"
    )
    assert shop.released.read_text() == committed.released.read_text(), "a release of what is committed changes nothing"

    data.write_text(delivered + NEW)
    assert up.up(shop, port), capsys.readouterr().out
    assert neighbours(port, "Laphroaig")[0] == "Port Still"
    running = service.find(shop.service)
    assert running
    assert running.pid == first.pid

    data.write_text(delivered + NEW + "".join(NEW.replace("87,Port", f"{n},Fine Port {n}") for n in range(88, 118)))
    capsys.readouterr()
    assert not up.up(shop, port)
    said = capsys.readouterr().out
    assert "gate-contract" in said
    assert "nothing is released. Model" in said
    assert neighbours(port, "Laphroaig")[0] == "Port Still"

    data.write_text(delivered)
    assert up.up(shop, port), capsys.readouterr().out
    assert neighbours(port, "Laphroaig")[0] == "Lagavulin"
    with pytest.raises(urllib.error.HTTPError, match="404"):
        neighbours(port, "Port%20Still")

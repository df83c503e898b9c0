"""What the builder's tests share: a cluster's folders that are nobody's."""

from __future__ import annotations

import pytest

from tests.cluster import processes
from tests.cluster.layout import Layout


@pytest.fixture
def layout(tmp_path):
    made = Layout(tmp_path / "cluster")
    made.run.mkdir(parents=True)
    yield made
    left = processes.marked(made)
    processes.kill(process.pid for process in left)
    processes.stop(left)
    for child in processes._children.values():
        child.wait(timeout=5)


@pytest.fixture
def program(tmp_path, monkeypatch):
    """Put programs on PATH that answer as a script says, and note in `asked` what they were asked."""
    folder = tmp_path / "programs"
    folder.mkdir()
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")

    def put(name, script):
        path = folder / name
        path.write_text(f'#!/bin/sh\necho "{name} $*" >>{folder}/asked\n{script}\n')
        path.chmod(0o755)
        return path

    return put


@pytest.fixture
def asked(tmp_path):
    """What the programs were asked so far, a line each."""
    return lambda: (tmp_path / "programs" / "asked").read_text().splitlines()

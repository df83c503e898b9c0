"""Checkouts of the flowers analysis to try things in."""

from __future__ import annotations

import io
import os
import shutil
from pathlib import Path

import pytest
from flowers import make_checkout

from pipelines.analysis import Analysis
from pipelines.progress import Progress
from pipelines.run import run


@pytest.fixture
def flowers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Analysis:
    """A fresh checkout of its own, and we stand in it."""
    analysis = make_checkout(tmp_path / "a checkout")
    monkeypatch.chdir(analysis.root)
    return analysis


@pytest.fixture(scope="session")
def _run_once(tmp_path_factory: pytest.TempPathFactory) -> Analysis:
    analysis = make_checkout(tmp_path_factory.mktemp("template") / "a checkout")
    before = Path.cwd()
    assert run(analysis, Progress(io.StringIO())).status == "passed"
    os.chdir(before)
    return analysis


@pytest.fixture
def ran(_run_once: Analysis, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Analysis:
    """A checkout of its own in which the flowers analysis ran and passed once, and we stand in it."""
    root = tmp_path / "a checkout"
    shutil.copytree(_run_once.root, root)
    monkeypatch.chdir(root)
    return Analysis(root, root / "notebooks" / "flowers")

"""The commits of the demo still fit this checkout; what they bring about on a cluster is for tests/on_cluster."""

from __future__ import annotations

import runpy
from pathlib import Path

import numpy as np
import pytest

from tests.on_cluster import demo_repository as demo


@pytest.fixture
def clone(tmp_path: Path) -> demo.Clone:
    return demo.begin(tmp_path / "demo")


def first_neighbour(clone: demo.Clone) -> int:
    """The row nearest to row 0, by the clone's own code."""
    neighbours = runpy.run_path(str(clone.folder / demo.GUARDED))["Neighbours"]
    ranked = neighbours(np.array([[0.0], [1.0], [3.0]]), np.zeros(1), np.ones(1), "euclidean")
    return int(ranked.of_item(0, 1)[0][0])


def test_the_bug_is_one_and_its_fix_brings_back_all_that_it_took(clone: demo.Clone) -> None:
    before = clone.head()
    assert first_neighbour(clone) == 1
    bug = demo.introduce_bug(clone)
    assert first_neighbour(clone) == 0
    changed = clone.git("diff", "--name-only", before).splitlines()
    assert changed == sorted(str(path) for path in [demo.GUARDED, *demo.CHECKS])
    demo.fix_bug(clone, bug)
    assert clone.git("diff", before) == ""


def test_data_commits_touch_data_alone_and_the_mended_case_its_file(clone: demo.Clone) -> None:
    touched = {
        change: clone.git("show", "--format=", "--numstat", change(clone)).split("\t")
        for change in (demo.add_whisky, demo.remove_whisky, demo.mend_case, demo.poison)
    }
    assert touched == {
        demo.add_whisky: ["1", "0", str(demo.DATA)],
        demo.remove_whisky: ["0", "1", str(demo.DATA)],
        demo.mend_case: ["1", "1", str(demo.CASES)],
        demo.poison: ["30", "0", str(demo.DATA)],
    }


def test_a_demo_that_no_longer_fits_says_so(clone: demo.Clone) -> None:
    (clone.folder / demo.GUARDED).write_text("")
    with pytest.raises(AssertionError, match="mend this demo"):
        demo.introduce_bug(clone)

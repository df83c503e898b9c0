"""Finding the checkout and the analysis."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipelines.analysis import Analysis, find_analysis, find_root
from pipelines.errors import StillhouseError


def test_the_only_analysis_needs_no_name(flowers: Analysis) -> None:
    assert find_analysis() == flowers


def test_a_folder_deep_in_the_checkout_leads_to_its_root(flowers: Analysis) -> None:
    assert find_root(flowers.folder / "data") == flowers.root


def test_outside_of_a_checkout_the_way_in_is_told(tmp_path: Path) -> None:
    with pytest.raises(StillhouseError, match="Change into the checkout"):
        find_root(tmp_path)


def test_of_several_analyses_the_one_we_stand_in_is_meant(flowers: Analysis) -> None:
    other = flowers.root / "notebooks" / "other"
    other.mkdir()
    (other / "dvc.yaml").write_text("stages: {}\n")
    assert find_analysis(start=other).name == "other"
    with pytest.raises(StillhouseError, match="Name one of: flowers, other"):
        find_analysis()


def test_an_unknown_name_lists_those_there_are(flowers: Analysis) -> None:
    with pytest.raises(StillhouseError, match=r"no analysis 'beer' .* There are: flowers"):
        find_analysis("beer")

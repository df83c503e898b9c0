"""What a record says of a run, and finding it again."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from pipelines import record
from pipelines.analysis import Analysis
from pipelines.errors import StillhouseError


def test_a_run_that_is_killed_leaves_a_record(flowers: Analysis) -> None:
    entry = record.begin(flowers, {})
    assert [(one.id, one.status) for one in record.load_all(flowers)] == [(entry.id, "running")]


def test_a_killed_run_is_told_apart_from_one_under_way(flowers: Analysis) -> None:
    killed = record.begin(flowers, {})
    record.close_killed(flowers)
    assert record.find(flowers, killed.id).status == "interrupted"


def test_the_commit_and_what_is_not_committed_are_noted(flowers: Analysis) -> None:
    clean = record.begin(flowers, {})
    assert clean.commit
    assert not clean.dirty
    flowers.params.write_text("factor: 9\n")
    changed = record.begin(flowers, {})
    assert changed.dirty
    assert "+factor: 9" in (record.folder(flowers, changed) / "diff.patch").read_text()
    assert changed.id != clean.id


def test_a_new_file_makes_the_checkout_dirty(flowers: Analysis) -> None:
    (flowers.folder / "new.txt").write_text("new")
    assert record.begin(flowers, {}).dirty


def test_without_git_there_is_a_record_still(flowers: Analysis) -> None:
    (flowers.root / ".git").rename(flowers.root / "no-git")
    assert record.begin(flowers, {}).commit is None


def test_inputs_are_told_apart_as_data_and_code(flowers: Analysis) -> None:
    entry = record.begin(flowers, {})
    record.note_inputs(entry, flowers)
    assert list(entry.data) == ["notebooks/flowers/data/flowers.csv"]
    assert "notebooks/flowers/02-train.ipynb" in entry.code
    assert "notebooks/flowers/gates/input/test_input.py" in entry.code
    assert not any("build/" in name for name in {**entry.data, **entry.code})
    assert entry.params == {"factor": 2}
    before = dict(entry.data)
    (flowers.folder / "data" / "flowers.csv").write_text("name,petal,sepal\n")
    record.note_inputs(entry, flowers)
    assert entry.data != before


def test_a_record_is_found_by_a_part_of_its_id(flowers: Analysis) -> None:
    first, second = record.begin(flowers, {}), record.begin(flowers, {})
    assert record.find(flowers, "latest").id == second.id
    assert record.find(flowers, first.id[-7:]).id == first.id
    with pytest.raises(StillhouseError, match="may be any of"):
        record.find(flowers, "20")
    with pytest.raises(StillhouseError, match="List them: stillhouse runs"):
        record.find(flowers, "zzz")


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (lambda text: json.dumps({**json.loads(text), "schema": 99}), "its schema is 99"),
        (lambda text: text[:20], "left out"),
        (lambda text: json.dumps({"schema": 1}), "left out"),
    ],
    ids=["newer", "cut short", "empty"],
)
def test_a_record_that_can_not_be_read_is_left_out_and_named(
    flowers: Analysis, capsys: pytest.CaptureFixture[str], spoil: Callable[[str], str], told: str
) -> None:
    good, bad = record.begin(flowers, {}), record.begin(flowers, {})
    path = record.folder(flowers, bad) / record.FILE
    path.write_text(spoil(path.read_text()))
    assert [one.id for one in record.load_all(flowers)] == [good.id]
    said = capsys.readouterr().err
    assert str(path) in said
    assert told in said

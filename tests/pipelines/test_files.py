"""Files that are never half written."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pipelines.errors import StillhouseError
from pipelines.files import read_json, read_yaml, write_json, write_text


def test_the_same_value_is_the_same_bytes(tmp_path: Path) -> None:
    write_json(tmp_path / "a.json", {"x": 1, "a": [1, "é"]})
    write_json(tmp_path / "b.json", {"a": [1, "é"], "x": 1})
    assert (tmp_path / "a.json").read_bytes() == (tmp_path / "b.json").read_bytes()


def test_a_write_that_fails_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    write_text(tmp_path / "kept", "old")
    with pytest.raises(UnicodeEncodeError):
        write_text(tmp_path / "kept", "new \ud800")
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [("kept", "old")]


def test_a_missing_json_file_is_none_and_a_broken_one_an_error(tmp_path: Path) -> None:
    assert read_json(tmp_path / "none.json") is None
    (tmp_path / "broken.json").write_text("{")
    with pytest.raises(json.JSONDecodeError):
        read_json(tmp_path / "broken.json")


@pytest.mark.parametrize(
    ("content", "told"),
    [(b"a: [", "no YAML that can be read"), (b"- 1\n", "holds list"), (b"a: \xff\n", "no YAML that can be read")],
)
def test_yaml_that_can_not_be_used_is_named(tmp_path: Path, content: bytes, told: str) -> None:
    (tmp_path / "params.yaml").write_bytes(content)
    with pytest.raises(StillhouseError, match=rf"params\.yaml: .*{told}"):
        read_yaml(tmp_path / "params.yaml")


def test_an_empty_yaml_file_holds_nothing_and_a_missing_one_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "empty.yaml").write_text("")
    assert read_yaml(tmp_path / "empty.yaml") == {}
    with pytest.raises(StillhouseError, match="no such file"):
        read_yaml(tmp_path / "absent.yaml")

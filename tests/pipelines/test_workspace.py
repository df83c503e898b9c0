"""Trial copies and parameters."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipelines.analysis import Analysis
from pipelines.errors import StillhouseError
from pipelines.files import read_yaml
from pipelines.workspace import override, parse_value, trial


@pytest.mark.parametrize(
    ("text", "value"), [("5", 5), ("0.5", 0.5), ("cosine", "cosine"), ("true", True), ("'5'", "5"), ("-1", -1)]
)
def test_values_are_read_as_yaml(text: str, value: object) -> None:
    assert parse_value(text) == value
    assert type(parse_value(text)) is type(value)


def test_what_is_no_yaml_is_no_value() -> None:
    with pytest.raises(StillhouseError, match=r"'\[' is no value"):
        parse_value("[")


def test_an_override_keeps_the_other_values_and_the_comments(tmp_path: Path) -> None:
    params = tmp_path / "params.yaml"
    params.write_text("metric: euclidean # how far\nk: 5 # how many\n")
    override(params, {"metric": "cosine"})
    assert read_yaml(params) == {"metric": "cosine", "k": 5}
    assert "# how far" in params.read_text()
    assert "# how many" in params.read_text()


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"colour": 1}, r"no parameter colour\. It has: k, floor, quick"),
        ({"k": "five"}, "k=five: params.yaml has 5 there"),
        ({"k": 5.5}, "k=5.5: params.yaml has 5 there"),
        ({"k": True}, "k=True: params.yaml has 5 there"),
        ({"quick": 1}, "quick=1: params.yaml has True there"),
    ],
)
def test_a_value_that_can_not_be_meant_is_refused(tmp_path: Path, values: dict[str, object], told: str) -> None:
    params = tmp_path / "params.yaml"
    params.write_text("k: 5\nfloor: 0.5\nquick: true\n")
    with pytest.raises(StillhouseError, match=told):
        override(params, values)
    assert params.read_text() == "k: 5\nfloor: 0.5\nquick: true\n"


def test_a_whole_number_may_stand_for_a_fraction(tmp_path: Path) -> None:
    params = tmp_path / "params.yaml"
    params.write_text("floor: 0.5\n")
    override(params, {"floor": 1})
    assert params.read_text() == "floor: 1\n"


def test_a_trial_has_the_overrides_and_what_the_steps_need_from_outside(flowers: Analysis) -> None:
    flowers.definition.write_text(flowers.definition.read_text().replace("params.yaml]", "params.yaml, ../../uv.lock]"))
    with trial(flowers, "t1", {"factor": 7}) as copy:
        assert copy.root != flowers.root
        assert copy.params.read_text().startswith("factor: 7")
        assert (copy.root / "uv.lock").read_text() == "locked = 1\n"
        assert not (copy.folder / "build").exists()
    assert not copy.root.exists()
    assert flowers.params.read_text().startswith("factor: 2")

"""Settings are those of this version, or refused by name."""

from __future__ import annotations

import json
from dataclasses import asdict

import pytest

from pipelines.cluster.errors import ClusterError
from pipelines.cluster.settings import parse, read


def test_settings_are_read_as_they_were_written(settings, tmp_path):
    (tmp_path / "settings.json").write_text(json.dumps(asdict(settings)))
    assert read(tmp_path / "settings.json") == settings


@pytest.mark.parametrize("change", [{"more": 1}, {"runs": None}])
def test_others_are_refused(settings, change):
    values = {**asdict(settings), **change}
    values = {name: value for name, value in values.items() if value is not None}
    with pytest.raises(ClusterError, match=r"ConfigMap x: these are no settings .* it knows runs, models"):
        parse(json.dumps(values), "ConfigMap x")


def test_what_is_no_json_is_refused():
    with pytest.raises(ClusterError, match="these are no settings"):
        parse("no", "x")


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(ClusterError, match=r"none.json: the settings can't be read \(No such file"):
        read(tmp_path / "none.json")

"""What holds for every chart."""

from __future__ import annotations

import json
import subprocess

import pytest
import yaml
from rendering import CHARTS, HELM, LEAST

NAMES = sorted(path.parent.name for path in CHARTS.glob("*/Chart.yaml"))
VALUES = {"stillhouse": LEAST}


def test_the_charts_are_found():
    assert {"namespaces", "stillhouse"} <= set(NAMES)


@pytest.mark.parametrize("name", [name for name in NAMES if name != "model"])
def test_helm_has_nothing_to_say_against_it(name):
    command = [str(HELM), "lint", "--strict", str(CHARTS / name), "--values", "-"]
    done = subprocess.run(command, input=json.dumps(VALUES.get(name, {})), capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("name", NAMES)
def test_its_schema_is_closed_at_the_top_and_it_says_what_it_is(name):
    schema = json.loads((CHARTS / name / "values.schema.json").read_text(encoding="utf-8"))
    assert schema["additionalProperties"] is False
    chart = yaml.safe_load((CHARTS / name / "Chart.yaml").read_text(encoding="utf-8"))
    assert chart["name"] == name
    assert chart["apiVersion"] == "v2"
    assert chart["description"].endswith(".")

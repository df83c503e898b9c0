"""The delivered files, each step of reading them standing on the one before."""

from pathlib import Path

import pytest

from pipelines.findings import Finding, stop_if
from whisky import contract, drift, schema, settings, table

FOLDER = Path(__file__).parents[2]
WHISKIES, CLASSES = "data/whiskies.csv", "data/wishart_classes.csv"


def _unless(findings, file):
    """Stop, pointing at the check that says more, where `findings` stand in the way of this one."""
    if findings:
        first = findings[0]
        stop_if([Finding(file, f"this can't be checked yet ({first.what}, {first.where})", "Mend that first")])


@pytest.fixture(scope="session")
def limits():
    """The settings in params.yaml."""
    return settings.read_settings(FOLDER)


@pytest.fixture(scope="session")
def raw():
    """The whiskies as delivered."""
    path = FOLDER / WHISKIES
    _unless(contract.structure(path, table.COLUMNS), WHISKIES)
    return table.read_raw(path)


@pytest.fixture(scope="session")
def labels():
    """The classes as delivered."""
    path = FOLDER / CLASSES
    _unless(contract.structure(path, table.LABEL_COLUMNS), CLASSES)
    return table.read_raw(path)


@pytest.fixture(scope="session")
def clean(raw, labels):
    """The clean table."""
    _unless(schema.findings(schema.raw_schema(), raw, WHISKIES, "Distillery"), WHISKIES)
    return table.clean(raw, labels)[0]


@pytest.fixture(scope="session")
def released():
    """The summary of the last release."""
    return drift.read_released(FOLDER)

"""The delivered files, each step of reading them standing on the one before."""

from pathlib import Path

import pytest

from whisky import contract, drift, schema, settings, table

FOLDER = Path(__file__).parents[2]
WHISKIES, CLASSES = "data/whiskies.csv", "data/wishart_classes.csv"


@pytest.fixture(scope="session")
def limits():
    """The settings in params.yaml."""
    contract.stop_behind(settings.findings(FOLDER), settings.FILE)
    return settings.read_settings(FOLDER)


@pytest.fixture(scope="session")
def raw():
    """The whiskies as delivered."""
    path = FOLDER / WHISKIES
    contract.stop_behind(contract.structure(path, table.COLUMNS), WHISKIES)
    return table.read_raw(path)


@pytest.fixture(scope="session")
def labels():
    """The classes as delivered."""
    path = FOLDER / CLASSES
    contract.stop_behind(contract.structure(path, table.LABEL_COLUMNS), CLASSES)
    return table.read_raw(path)


@pytest.fixture(scope="session")
def clean(raw, labels):
    """The clean table."""
    contract.stop_behind(schema.findings(schema.raw_schema(), raw, WHISKIES, "Distillery"), WHISKIES)
    return table.clean(raw, labels)[0]


@pytest.fixture(scope="session")
def released():
    """The release that drift is judged by."""
    return drift.read_released(FOLDER)

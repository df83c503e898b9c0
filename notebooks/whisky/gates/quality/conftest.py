"""What the last steps left: the table, the model, its figures."""

import json
from pathlib import Path

import pytest

from pipelines import artifact
from whisky import drift, settings, table

FOLDER = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def limits():
    """The settings in params.yaml."""
    return settings.read_settings(FOLDER)


@pytest.fixture(scope="session")
def clean():
    """The clean table."""
    return table.read_clean(FOLDER / "build" / "clean.csv")


@pytest.fixture(scope="session")
def model():
    """The trained model."""
    return artifact.load(FOLDER / "model")


@pytest.fixture(scope="session")
def figures():
    """The figures of notebook 4."""
    return json.loads((FOLDER / "build" / "metrics.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="session")
def released():
    """The summary of the last release."""
    return drift.read_released(FOLDER)

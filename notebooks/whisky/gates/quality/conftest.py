"""What the last steps left: the table, the model, its figures."""

from pathlib import Path

import pytest

from pipelines import artifact
from whisky import contract, drift, quality, settings, table

FOLDER = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def limits():
    """The settings in params.yaml."""
    contract.stop_behind(settings.findings(FOLDER), settings.FILE)
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
    contract.stop_behind(quality.metrics_findings(FOLDER), quality.METRICS)
    return quality.read_metrics(FOLDER)


@pytest.fixture(scope="session")
def released():
    """The release that drift is judged by."""
    return drift.read_released(FOLDER)

"""The running service, as its customers see it."""

import os
from pathlib import Path

import pytest

from pipelines import artifact
from pipelines.findings import Finding, stop_if
from whisky import acceptance, cases, contract

FOLDER = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def model():
    return artifact.load(FOLDER / "model")


@pytest.fixture(scope="module")
def written():
    """The cases, by kind."""
    contract.stop_behind(cases.findings(FOLDER / cases.FILE), cases.FILE)
    return cases.read_cases(FOLDER / cases.FILE)


@pytest.fixture(scope="module")
def fetch():
    url = os.environ.get("STILLHOUSE_URL")
    if not url:
        stop_if(
            [
                Finding(
                    "$STILLHOUSE_URL",
                    "no service to ask",
                    "Run this gate with: stillhouse gate acceptance --serve model",
                )
            ]
        )
    return acceptance.fetch_from(url)


def test_every_case_is_whole():
    stop_if(cases.findings(FOLDER / cases.FILE))


def test_every_case_names_whiskies_that_are_there(written, model):
    stop_if(acceptance.stale_findings(written, model))


def test_customers_find_what_the_cases_promise(written, model, fetch):
    stop_if(acceptance.case_findings(written, model, fetch))


def test_unknown_names_are_answered_with_suggestions(written, model, fetch):
    stop_if(acceptance.suggestion_findings(written, model, fetch))


def test_the_service_gives_the_neighbours_of_the_model(model, fetch):
    stop_if(acceptance.neighbour_findings(model, fetch))


def test_all_flavours_are_shown(model, fetch):
    stop_if(acceptance.feature_findings(model, fetch))


def test_it_serves_the_model_of_this_run(model, fetch):
    stop_if(acceptance.version_findings(model, fetch))

"""How the trained model behaves."""

import pytest

from pipelines.findings import stop_if
from whisky import quality


@pytest.fixture(scope="module")
def lists(model):
    return quality.recommendations(model)


def test_the_model_knows_the_whiskies_of_the_table(clean, model):
    stop_if(quality.item_findings(clean, model))


def test_every_number_of_the_model_is_one(model):
    stop_if(quality.number_findings(model))


def test_no_whisky_is_recommended_to_who_asked_for_it(lists):
    stop_if(quality.self_findings(lists))


def test_recommendations_are_returned_often_enough(figures, limits):
    stop_if(quality.floor_findings(figures, "symmetry_at_5", limits["symmetry_floor"], "symmetry_floor"))


def test_no_whisky_is_in_too_many_lists(lists, limits):
    stop_if(quality.hub_findings(lists, limits["hub_limit"]))


def test_islay_stays_islay(model, lists):
    stop_if(quality.islay_findings(model, lists))


def test_strangers_stay_strangers(lists):
    stop_if(quality.stranger_findings(lists))

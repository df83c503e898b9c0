"""The accuracy thresholds. They fail hard."""

from pathlib import Path

from pipelines.findings import stop_if
from whisky import quality


def test_every_figure_is_there_and_a_number():
    stop_if(quality.metrics_findings(Path(__file__).parents[2]))


def test_recommendations_are_right_often_enough(figures, limits):
    stop_if(quality.floor_findings(figures, "precision_at_5", limits["accuracy_floor"], "accuracy_floor"))


def test_accuracy_did_not_fall_since_the_release(figures, released, limits):
    stop_if(quality.drop_findings(figures, released, limits["accuracy_drop"]))


def test_no_class_falls_apart(figures, limits):
    name = "precision_at_5_of_weakest_class"
    stop_if(quality.floor_findings(figures, name, limits["class_floor"], "class_floor"))


def test_enough_whiskies_can_be_scored(figures, limits):
    stop_if(quality.floor_findings(figures, "scored_share", limits["scored_floor"], "scored_floor"))


def test_the_figures_are_those_of_this_model(clean, model, figures):
    stop_if(quality.figure_findings(clean, model, figures))

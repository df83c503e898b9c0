"""The clean table against the one of the release in released.json."""

from pipelines.findings import stop_if
from whisky import drift


def test_few_whiskies_came_or_went(clean, released, limits):
    stop_if(drift.row_findings(clean, released, limits["drift_rows"]))


def test_few_whiskies_have_other_scores(clean, released, limits):
    stop_if(drift.share_findings(clean, released, limits["drift_changed"]))


def test_no_whisky_became_another(clean, released, limits):
    stop_if(drift.point_findings(clean, released, limits["drift_points"]))


def test_no_column_moved(clean, released, limits):
    stop_if(drift.column_findings(clean, released, limits["drift_column"]))


def test_few_whiskies_changed_class(clean, released, limits):
    stop_if(drift.class_findings(clean, released, limits["drift_classes"]))


def test_no_distillery_moved_away(clean, released, limits):
    stop_if(drift.place_findings(clean, released, limits["drift_metres"]))

"""The delivered classes."""

from pathlib import Path

from pipelines.findings import stop_if
from whisky import contract, schema, table

FILE = "data/wishart_classes.csv"


def test_the_file_is_whole_and_has_its_columns():
    stop_if(contract.structure(Path(__file__).parents[2] / FILE, table.LABEL_COLUMNS))


def test_every_label_is_a_class(labels):
    stop_if(schema.findings(schema.label_schema(), labels, FILE, "distillery"))


def test_labels_belong_to_whiskies_and_are_given_once(labels, raw, limits):
    stop_if(contract.label_findings(labels, raw, FILE, limits["labels_stray"]))

"""The delivered flavour table."""

from pathlib import Path

from pipelines.findings import stop_if
from whisky import contract, schema, table

FILE = "data/whiskies.csv"


def test_the_file_is_whole_and_has_its_columns():
    stop_if(contract.structure(Path(__file__).parents[2] / FILE, table.COLUMNS))


def test_every_cell_holds_what_its_column_should(raw):
    stop_if(schema.findings(schema.raw_schema(), raw, FILE, "Distillery"))


def test_names_are_names(raw):
    stop_if(contract.name_findings(raw, FILE))


def test_no_whisky_is_there_twice(raw):
    stop_if(contract.twin_findings(raw, FILE))


def test_there_are_enough_whiskies_and_not_too_many(raw, limits):
    stop_if(contract.count_findings(raw, FILE, limits["rows_least"], limits["rows_most"]))


def test_the_scores_say_something(raw):
    stop_if(contract.content_findings(raw, FILE))


def test_whiskies_are_no_copies_of_each_other(raw, limits):
    stop_if(contract.copy_findings(raw, FILE, limits["same_profile_most"]))


def test_the_clean_table_is_clean(clean):
    stop_if(schema.findings(schema.clean_schema(), clean, "the clean table", "whisky"))

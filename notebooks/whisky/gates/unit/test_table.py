"""whisky/table.py."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from whisky import table

REFERENCE = Path(__file__).parents[2] / "reference"


@pytest.fixture(scope="module")
def raw():
    return table.read_raw(REFERENCE / "whiskies.csv")


@pytest.fixture(scope="module")
def cleaned(raw):
    return table.clean(raw, table.read_raw(REFERENCE / "wishart_classes.csv"))


def test_the_raw_table_is_text_under_stripped_headers(raw):
    assert list(raw.columns) == table.COLUMNS
    assert raw.at[2, "Postcode"] == " \tPH15 2EB"
    assert raw.index.tolist() == list(range(2, 88))


def test_a_row_of_another_width_is_refused(tmp_path):
    path = tmp_path / "two.csv"
    path.write_text("a,b\n1,2\n3\n")
    with pytest.raises(ValueError, match=r"two.csv, line 3: 1 cells under 2 headers"):
        table.read_raw(path)


def test_quotes_marks_and_line_ends_are_understood(tmp_path):
    path = tmp_path / "two.csv"
    path.write_bytes(b'\xef\xbb\xbfa, b\r\n"x, y",2\r\n')
    read = table.read_raw(path)
    assert read.to_dict("list") == {"a": ["x, y"], "b": ["2"]}


def test_the_clean_table_is_sorted_by_name_and_typed(cleaned):
    clean, _ = cleaned
    assert clean["whisky"].is_monotonic_increasing
    assert clean["whisky"].is_unique
    assert (clean[table.FEATURES].dtypes == np.int8).all()
    laphroaig = clean.set_index("whisky").loc["Laphroaig"]
    assert laphroaig[table.FEATURES].tolist() == [4, 2, 4, 4, 1, 0, 0, 1, 1, 1, 0, 0]
    assert (laphroaig["region"], laphroaig["wishart_class"], laphroaig["postcode"]) == ("Islay", "J", "PA42 7DU")


def test_no_score_is_ever_touched(raw, cleaned):
    clean, repairs = cleaned
    assert sorted(map(tuple, clean[table.FEATURES].to_numpy())) == sorted(
        map(tuple, raw[table.FEATURES].to_numpy().astype(int))
    )
    assert not set(repairs["column"]) & set(table.FEATURES)


def test_every_repair_is_listed(raw, cleaned):
    _, repairs = cleaned
    listed = repairs.set_index(["line", "column"])
    assert listed.at[(60, "Distillery"), "clean"] == "Laphroaig"
    assert listed.at[(60, "Distillery"), "why"] == "misspelt or unusual name"
    assert listed.at[(36, "Distillery"), "why"] == "joined words"
    assert listed.at[(78, "Longitude"), "raw"] == "850500 "
    assert listed.at[(1, "Latitude"), "clean"] == "easting"
    padded = sum((raw[column] != raw[column].str.strip()).sum() for column in raw.columns)
    assert (repairs["why"] == "stray blanks").sum() == padded


def test_whiskies_without_a_class_have_a_blank_one(raw):
    labels = pd.DataFrame({"distillery": ["Laphroaig"], "wishart_class": ["J "]})
    clean, _ = table.clean(raw, labels)
    assert clean.loc[clean["whisky"] == "Laphroaig", "wishart_class"].tolist() == ["J"]
    assert (clean["wishart_class"] == "").sum() == 85


def test_it_is_read_back_as_it_was_written(cleaned, tmp_path):
    clean, _ = cleaned
    table.write_csv(clean, tmp_path / "new" / "clean.csv")
    pd.testing.assert_frame_equal(table.read_clean(tmp_path / "new" / "clean.csv"), clean)
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["clean.csv"]

"""Good deliveries that look different: each passes the gates, and does what it should."""

from __future__ import annotations

import random

import pytest

from pipelines import artifact
from whisky import training


def passes(delivery, *gates: str):
    """All gates let the delivery pass; gives the model trained on it."""
    serve = delivery.folder / "model" if "acceptance" in gates else None
    verdict = delivery.judge("contract", "quality", *gates, serve=serve)
    assert verdict.stopped_by is None, verdict.message
    return artifact.load(delivery.folder / "model")


@pytest.fixture
def before(good):
    """The model and the clean table of the unchanged delivery."""
    return artifact.load(good / "model").version, (good / "build" / "clean.csv").read_bytes()


def assert_the_same(delivery, before):
    assert (passes(delivery).version, (delivery.folder / "build" / "clean.csv").read_bytes()) == before


@pytest.mark.parametrize("seed", range(2))
def test_columns_reordered(delivery, before, seed):
    rows = delivery.rows()
    order = random.Random(seed).sample(range(17), 17)
    delivery.write([[row[column] for column in order] for row in rows])
    assert_the_same(delivery, before)


def test_rows_reordered(delivery, before):
    header, *rows = delivery.rows()
    delivery.write([header, *random.Random(1).sample(rows, len(rows))])
    assert_the_same(delivery, before)


@pytest.mark.parametrize("end", [b"\r\n", b"\r"])
def test_other_line_ends(delivery, before, end):
    for path in (delivery.whiskies, delivery.classes):
        path.write_bytes(b"".join(line + end for line in path.read_bytes().splitlines()))
    assert_the_same(delivery, before)


def test_a_byte_order_mark_and_quotes(delivery, before):
    text = delivery.whiskies.read_text().replace("Macallan", '"Macallan"')
    delivery.whiskies.write_bytes(b"\xef\xbb\xbf" + text.encode())
    assert_the_same(delivery, before)


def test_cleaner_spellings(delivery, before):
    text = delivery.whiskies.read_text().replace("Laphroig", "Laphroaig").replace("GlenGarioch", "Glen Garioch")
    delivery.whiskies.write_text(text)
    assert_the_same(delivery, before)


@pytest.mark.parametrize("label", ["", "J"])
def test_a_new_whisky_is_recommended(delivery, label):
    scores = ["3", "1", "4", "3", "0", "0", "2", "0", "1", "2", "2", "1"]
    delivery.write([*delivery.rows(), ["87", "Kilchoman", *scores, "PA49 7UT", "121800", "663300"]])
    if label:
        delivery.classes.write_text(delivery.classes.read_text() + f"Kilchoman,{label}\n")
    model = passes(delivery, "acceptance")
    assert "Kilchoman" in [name for name, _ in training.recommend(model, "Ardbeg")]
    assert model.signature["descriptions"]["Kilchoman"] == "Islay"


@pytest.mark.parametrize("whisky", ["Tormore", "Clynelish", "Glenallachie"])
def test_a_removed_whisky_is_gone(delivery, whisky):
    delivery.write([row for row in delivery.rows() if row[1].strip() != whisky])
    model = passes(delivery, *(["acceptance"] if whisky == "Tormore" else []))
    assert whisky not in model.signature["items"]
    assert len(model.signature["items"]) == 85


def test_a_removed_whisky_that_a_case_names_is_told_apart(delivery):
    delivery.write([row for row in delivery.rows() if row[1].strip() != "Glendronach"])
    passes(delivery)
    verdict = delivery.judge("acceptance", serve=delivery.folder / "model")
    assert verdict.failed == {"test_cases.py::test_every_case_names_whiskies_that_are_there"}
    lines = (delivery.folder / "acceptance.yaml").read_text().splitlines()
    number = next(number for number, line in enumerate(lines, start=1) if "Glendronach" in line)
    assert f"acceptance.yaml, line {number}, case 'sherry for sherry', expect, value 'Glendronach'" in verdict.message
    assert "Nothing is wrong with the model: mend or delete this case" in verdict.message


def test_a_few_scores_corrected(delivery):
    for whisky in ("Oban", "Tomatin", "Scapa"):
        delivery.set_cell(whisky, "Malty", "3")
    passes(delivery)


def test_a_few_labels_missing(delivery):
    delivery.classes.write_text("".join(delivery.classes.read_text().splitlines(keepends=True)[:-5]))
    passes(delivery)


def test_labels_of_whiskies_that_are_not_there(delivery):
    delivery.classes.write_text(delivery.classes.read_text() + "Port Ellen,J\nRosebank,D\n")
    passes(delivery)

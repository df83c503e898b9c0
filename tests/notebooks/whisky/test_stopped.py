"""Bad deliveries: each is stopped, and the message says what, where, and how to mend it."""

from __future__ import annotations

import random

import pytest

FEATURES = slice(2, 14)
WHISKIES = "data/whiskies.csv"
CLASSES = "data/wishart_classes.csv"


def stopped(delivery, *said: str, by: str = "contract"):
    """The delivery is stopped by this gate, and its message says all of this."""
    verdict = delivery.judge()
    assert verdict.stopped_by == by, verdict.message
    for part in said:
        assert part in verdict.message
    return verdict


def appended(delivery, name: str, like: str, **cells: str) -> int:
    """Add a whisky that is as another one but for some cells; gives its line."""
    rows = delivery.rows()
    row = list(rows[delivery.line(like) - 1])
    row[0], row[1] = str(len(rows)), name
    for column, value in cells.items():
        row[delivery.column(column)] = value
    delivery.write([*rows, row])
    return len(rows) + 1


def test_a_duplicated_whisky(delivery):
    line = appended(delivery, "Macallan", like="Macallan")
    first = delivery.line("Macallan")
    stopped(
        delivery,
        f"{WHISKIES}, line {line}, column Distillery, value 'Macallan'",
        f"the same whisky stands in line {first} as 'Macallan'",
        "Keep one of the two rows",
    )


@pytest.mark.parametrize(
    ("other", "known"),
    [
        ("Laphroaig", "Laphroig"),  # the bottle's spelling beside the file's
        ("Glen Garioch", "GlenGarioch"),  # parted beside joined
        ("LAPHROIG", "Laphroig"),
        ("Bunnahabain", "Bunnahabhain"),  # a letter short
        ("Bruichaldich", "Bruichladdich"),  # several slips in a long name
        ("Tailsker", "Talisker"),  # two letters swapped
        ("Càol Ila", "Caol Ila"),
        ("Knockdhu", "AnCnoc"),  # the distillery's name beside the bottle's
        ("Macduff", "GlenDeveronMacduff"),
        ("Arran", "ArranIsleOf"),
        ("Jura", "Isle of Jura"),
        ("Brackla", "RoyalBrackla"),
        ("Pulteney", "OldPulteney"),
        ("The Macallan", "Macallan"),  # words around the name
        ("The Glenlivet", "Glenlivet"),
        ("The Dalmore", "Dalmore"),
        ("Ardbeg Distillery", "Ardbeg"),
        ("Talisker (Skye)", "Talisker"),
        ("Macallan-Glenlivet", "Macallan"),
        ("0ban", "Oban"),  # a digit for a letter
        ("Obann", "Oban"),  # a slip in a short name
    ],
)
def test_the_same_whisky_under_two_spellings(delivery, other, known):
    line = appended(delivery, other, like="Glenkinchie", Smoky="2", Postcode=" ZE1 9XX", Honey="4", Nutty="3")
    stopped(
        delivery,
        f"{WHISKIES}, line {line}, column Distillery, value {other!r}",
        f"the same whisky stands in line {delivery.line(known)} as {known!r}",
    )


def test_the_same_whisky_under_quite_another_name(delivery):
    line = appended(delivery, "Tullochgorum", like="Glenkinchie")
    stopped(
        delivery,
        f"{WHISKIES}, line {line}, column Distillery, value 'Tullochgorum'",
        f"the same whisky stands in line {delivery.line('Glenkinchie')} as 'Glenkinchie': same postcode, same scores",
    )


def test_a_missing_column(delivery):
    gone = delivery.column("Smoky")
    delivery.write([row[:gone] + row[gone + 1 :] for row in delivery.rows()])
    stopped(delivery, f"{WHISKIES}, line 1, column Smoky", "the column is missing", "Restore it")


def test_an_extra_unnamed_column_with_data(delivery):
    header, *rows = delivery.rows()
    delivery.write([[*header, ""], *([*row, "7.5"] for row in rows)])
    stopped(delivery, f"{WHISKIES}, line 1, column 18", "column 18 has no name; it holds '7.5' in line 2")


def test_an_extra_cell_under_no_header(delivery):
    rows = delivery.rows()
    rows[9].append("stray")
    delivery.write(rows)
    stopped(delivery, f"{WHISKIES}, line 10, column 18, value 'stray'", "18 cells under 17 headers")


def test_a_column_named_twice(delivery):
    rows = delivery.rows()
    rows[0][delivery.column("Honey")] = "Smoky"
    delivery.write(rows)
    stopped(delivery, "column Honey: the column is missing", "value 'Smoky': column 8 has the name of another")


@pytest.mark.parametrize(
    ("value", "what"),
    [
        ("7", "the score is not from 0 to 4"),
        ("-1", "the score is not from 0 to 4"),
        ("2.5", "the score is no whole number"),
        ("", "the score is blank"),
        ("  ", "the score is blank"),
        ("two", "the score is no number"),
        ("1e0", "the score is no number"),
        ("nan", "the score is no number"),
        ("٣", "the score is no number"),
    ],
)
def test_a_score_that_is_none(delivery, value, what):
    delivery.set_cell("Oban", "Winey", value)
    where = f"{WHISKIES}, line {delivery.line('Oban')}, column Winey, value {value!r}: {what} (Oban)"
    stopped(delivery, where, "Enter a whole number from 0 to 4")


@pytest.mark.parametrize(
    ("column", "value", "what"),
    [
        ("Latitude", "north", "this is no easting"),
        ("Longitude", "57.4", "this is no northing"),
        ("Longitude", "28969", "a northing of Scotland is from 530000 to 1220000 m"),
        ("Postcode", "<b>", "this is no postcode"),
        ("RowID", "", "this is no row number"),
    ],
)
def test_text_in_a_number_beside_the_scores(delivery, column, value, what):
    delivery.set_cell("Oban", column, value)
    stopped(delivery, f"{WHISKIES}, line {delivery.line('Oban')}, column {column}, value {value!r}: {what} (Oban)")


@pytest.mark.parametrize("cut", [1, 3, 20])
def test_a_truncated_last_line(delivery, cut):
    content = delivery.whiskies.read_bytes()
    delivery.whiskies.write_bytes(content[:-cut])
    last = len(delivery.rows())
    stopped(
        delivery, f"{WHISKIES}, line {last}", "the last line does not end, so the file may be cut short", "git checkout"
    )


def test_a_truncated_last_line_that_ends(delivery):
    rows = delivery.rows()
    rows[-1] = rows[-1][:9]
    delivery.write(rows)
    stopped(
        delivery,
        f"{WHISKIES}, line {len(rows)}, column Winey, value '2'",
        "the line ends after 9 of 17 cells",
        "cut short",
    )


def test_a_last_number_cut_short(delivery):
    content = delivery.whiskies.read_bytes()
    delivery.whiskies.write_bytes(content[:-2] + b"\n")  # 708850 becomes 70885
    stopped(delivery, "column Longitude, value '70885': a northing of Scotland is from")


def test_a_file_of_five_rows(delivery):
    delivery.write(delivery.rows()[:6])
    stopped(delivery, f"{WHISKIES}: it has 5 whiskies, and 60 to 150 are expected", "rows_least")


@pytest.mark.parametrize("content", [b"", b"\n\n", b"\xef\xbb\xbf\n"])
def test_an_empty_file(delivery, content):
    delivery.whiskies.write_bytes(content)
    stopped(delivery, f"{WHISKIES}: the file is empty", "git checkout")


def test_a_file_of_headers_only(delivery):
    delivery.write(delivery.rows()[:1])
    stopped(delivery, f"{WHISKIES}: it has 0 whiskies")


def test_no_file(delivery):
    delivery.whiskies.unlink()
    stopped(delivery, f"{WHISKIES}: the file is missing", "git checkout")


def test_every_score_zero(delivery):
    header, *rows = delivery.rows()
    delivery.write([header, *(row[:2] + ["0"] * 12 + row[14:] for row in rows)])
    stopped(
        delivery,
        f"{WHISKIES}, columns Body to Floral, value '0 0 0 0 0 0 0 0 0 0 0 0'",
        f"all {len(rows)} whiskies have the same scores",
    )


def test_one_whisky_of_zeros(delivery):
    rows = delivery.rows()
    rows[29][FEATURES] = ["0"] * 12
    delivery.write(rows)
    stopped(delivery, f"{WHISKIES}, line 30, column Body to Floral", "all twelve scores of Dalwhinnie are zero")


def test_one_column_constant(delivery):
    for whisky in [row[1].strip() for row in delivery.rows()[1:]]:
        delivery.set_cell(whisky, "Honey", "2")
    stopped(
        delivery, f"{WHISKIES}, column Honey, value '2'", "whiskies have the same Honey", "says nothing about taste"
    )


def test_swapped_headers(delivery):
    rows = delivery.rows()
    smoky, sweet = delivery.column("Smoky"), delivery.column("Sweetness")
    rows[0][smoky], rows[0][sweet] = rows[0][sweet], rows[0][smoky]
    delivery.write(rows)
    stopped(
        delivery,
        f"{WHISKIES}, column Smoky, mean 2.29: it was 1.53 in released.json",
        "are two headers swapped?",
        "columns Sweetness, Smoky",
        "in a reviewed commit (there is no override)",
    )


def test_the_scores_of_two_whiskies_swapped(delivery):
    rows = delivery.rows()
    one, other = delivery.line("Laphroig") - 1, delivery.line("Auchentoshan") - 1
    rows[one][FEATURES], rows[other][FEATURES] = rows[other][FEATURES], rows[one][FEATURES]
    delivery.write(rows)
    stopped(
        delivery,
        f"{WHISKIES}, whisky Laphroaig, Body 4 to 0",
        f"{WHISKIES}, whisky Auchentoshan, Body 0 to 4",
        "points since released.json, and 6 may",
    )


def test_one_whisky_copied_thirty_times(delivery):
    parts = ("Auch", "Bal", "Dun", "Inver", "Strath", "Kil"), ("aber", "brook", "garth", "moss", "wyck")
    for number, name in enumerate(first + last for first in parts[0] for last in parts[1]):
        appended(delivery, name, like="Laphroig", Postcode=f" KW{number} 1AA", Latitude=str(300_000 + number * 900))
    stopped(
        delivery,
        "31 whiskies have the very same scores (Laphroig, Auchaber",
        "all scores, value 4 2 4 4 1 0 0 1 1 1 0 0",
        "30 whiskies are new since released.json (",
    )


@pytest.mark.parametrize("seed", range(3))
def test_a_third_of_the_profiles_shuffled(delivery, seed):
    header, *rows = delivery.rows()
    some = random.Random(seed).sample(range(len(rows)), len(rows) // 3)
    for row, scores in zip(some, [rows[row][FEATURES] for row in some[1:] + some[:1]], strict=True):
        rows[row][FEATURES] = scores
    delivery.write([header, *rows])
    stopped(delivery, f"{WHISKIES}, all scores", f"of {len(rows)} whiskies have other scores than in released.json")


@pytest.mark.parametrize("column", ["Smoky", "Tobacco", "Malty"])
def test_a_third_of_a_columns_scores_shuffled(delivery, column):
    header, *rows = delivery.rows()
    place = delivery.column(column)
    some = random.Random(column).sample(range(len(rows)), len(rows) // 3)
    values = sorted(rows[row][place] for row in some)
    for row, value in zip(some, values, strict=True):
        rows[row][place] = value
    delivery.write([header, *rows])
    stopped(delivery, f"{WHISKIES}, columns {column}", "whiskies have other scores than in released.json", "10% may")


@pytest.mark.parametrize("seed", range(3))
def test_a_third_of_the_labels_shuffled(delivery, seed):
    header, *rows = [line.split(",") for line in delivery.classes.read_text().splitlines()]
    some = random.Random(seed).sample(range(len(rows)), len(rows) // 3)
    for row, label in zip(some, [rows[row][1] for row in some[1:] + some[:1]], strict=True):
        rows[row][1] = label
    delivery.write([header, *rows], delivery.classes)
    stopped(
        delivery,
        f"{CLASSES}, column wishart_class",
        f"of {len(rows)} whiskies changed class since released.json",
        "and 5% may",
    )


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("<script>alert(1)</script>", "can't be in one"),
        ("Glen\x07\x1b[31mRed", "it has control characters"),
        ("Glen\u202eMoor", "it has control characters"),
        ("Whisky" * 2000, "it has 12000 characters, and 40 are plenty"),
        ("=HYPERLINK(A1)", "can't be in one"),
        ("'; DROP TABLE malts; --", "can't be in one"),
        ("\U0001f943\U0001f943", "can't be in one"),
        ("", "it is blank"),
    ],
)
def test_abuse_instead_of_a_name(delivery, name, why):
    rows = delivery.rows()
    rows[40][1] = name
    delivery.write(rows)
    verdict = stopped(
        delivery, f"{WHISKIES}, line 41, column Distillery, value ", why, "Write the name as on the bottle"
    )
    assert len(verdict.message) < 2000
    assert verdict.message.isprintable() or set(filter(lambda c: not c.isprintable(), verdict.message)) == {"\n"}


def test_a_name_over_two_lines(delivery):
    rows = delivery.rows()
    rows[40][1] = "Glen\nScotia"
    delivery.write(rows)
    stopped(delivery, "column Distillery, value 'Glen\\nScotia'", "it has control characters")


def test_a_quote_that_never_ends(delivery):
    delivery.set_cell("Oban", "Distillery", "Oban")
    text = delivery.whiskies.read_text()
    delivery.whiskies.write_text(text.replace(",Oban,", ',"Oban,'))
    stopped(delivery, WHISKIES, "it can't be read as CSV", "Mend the quotes")


@pytest.mark.parametrize(
    ("encoding", "line", "what"),
    [("utf-16", 1, "this is not UTF-8 but UTF-16"), ("latin-1", 23, "this is not UTF-8 but another encoding")],
)
def test_a_file_in_another_encoding(delivery, encoding, line, what):
    text = delivery.whiskies.read_text(encoding="utf-8").replace("Caol Ila", "Caol Ìla")
    delivery.whiskies.write_bytes(text.encode(encoding))
    stopped(delivery, f"{WHISKIES}, line {line}, byte ", what, "Save the file as UTF-8")


def test_utf_16_without_a_mark(delivery):
    delivery.whiskies.write_bytes(delivery.whiskies.read_text(encoding="utf-8").encode("utf-16-le"))
    stopped(delivery, f"{WHISKIES}, line 1", "there is a NUL byte", "Save it as UTF-8")


@pytest.mark.parametrize("mangled", ["Caol Ã\x8cla", "Caol ÃŒla", "Caol Ãla", "Caol \ufffdla", "Caol Â Ila"])
def test_mangled_names(delivery, mangled):
    delivery.set_cell("Caol Ila", "Distillery", mangled)
    stopped(delivery, f"{WHISKIES}, line 23, column Distillery, value {mangled!r}", "comes from a wrong encoding")


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (
            "Oban,H",
            "Oban,K",
            f"{CLASSES}, line 68, column wishart_class, value 'K': this is none of the classes A to J",
        ),
        ("Oban,H", "Oban,", f"{CLASSES}, line 68, column wishart_class, value ''"),
        ("Oban,H", "Macallan,H", f"{CLASSES}, line 68, column distillery, value 'Macallan': it already has a class in"),
        ("wishart_class", "class", f"{CLASSES}, line 1, column wishart_class: the column is missing"),
        ("Oban,H\n", "Oban\n", f"{CLASSES}, line 68, column wishart_class, value 'Oban': the line ends after 1 of 2"),
    ],
)
def test_bad_labels(delivery, old, new, said):
    text = delivery.classes.read_text()
    assert old in text
    delivery.classes.write_text(text.replace(old, new))
    stopped(delivery, said)


def test_labels_for_whiskies_that_are_not_there(delivery):
    text = delivery.classes.read_text()
    delivery.classes.write_text(text + "".join(f"Distillery {number},A\n" for number in range(20)))
    stopped(delivery, f"{CLASSES}, line 88, column distillery, value 'Distillery 0'", "one of 20 labels without one")


def test_too_few_labels(delivery):
    lines = delivery.classes.read_text().splitlines(keepends=True)
    delivery.classes.write_text("".join(lines[:60]))
    verdict = stopped(delivery, "build/metrics.json, scored_share, value 0.686", "scored_floor", by="quality")
    assert verdict.failed >= {"test_accuracy.py::test_enough_whiskies_can_be_scored"}


def test_no_released_summary(delivery):
    (delivery.folder / "released.json").unlink()
    stopped(delivery, "released.json: the summary of the release is missing", "git checkout -- released.json")


def test_a_released_summary_that_is_none(delivery):
    (delivery.folder / "released.json").write_text("{}")
    stopped(delivery, "released.json: it is no summary of a release (KeyError('features'))", "git checkout")


def test_too_many_whiskies_gone(delivery):
    rows = delivery.rows()
    delivery.write(rows[:1] + rows[11:])
    stopped(delivery, "10 whiskies are gone since released.json (Aberfeldy, Aberlour, AnCnoc, Ardbeg, Ardmore, …)")


def test_a_distillery_moved(delivery):
    delivery.set_cell("Talisker", "Latitude", "337950")
    where = f"{WHISKIES}, whisky Talisker, columns Latitude and Longitude, values 337950 and 831770"
    stopped(delivery, where, "it stood 200 km from there in released.json")


def test_an_empty_line(delivery):
    lines = delivery.whiskies.read_text().splitlines(keepends=True)
    delivery.whiskies.write_text("".join([*lines[:30], "\n", *lines[30:]]))
    stopped(delivery, f"{WHISKIES}, line 31: the line is empty")

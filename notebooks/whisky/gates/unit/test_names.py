"""whisky/names.py."""

import csv
from pathlib import Path

import pytest

from whisky import names

REFERENCE = Path(__file__).parents[2] / "reference" / "whiskies.csv"

# Distilleries that are not in the file, some of them cruelly like others.
REAL = """
Ailsa Bay,Allt-a-Bhainne,Annandale,Arbikie,Ardnahoe,Ardnamurchan,Ballindalloch,Banff,Ben Wyvis,Braeval,Brora,
Caperdonich,Coleburn,Convalmore,Daftmill,Dallas Dhu,Dalmunach,Glen Albyn,Glen Mhor,Glenburgie,Glencadam,
Glenesk,Glenglassaugh,Glenisla,Glenlochy,Glenugie,Glenury Royal,Glenwyvis,Hazelburn,Imperial,Inchdairnie,
Inverleven,Kilchoman,Kilkerran,Kingsbarns,Kininvie,Ladyburn,Lagg,Ledaig,Lindores Abbey,Littlemill,Lochside,
Longrow,Millburn,Mosstowie,Nc'nean,North Port,Octomore,Pittyvaich,Port Charlotte,Port Ellen,Raasay,Roseisle,
Rosebank,St. Magdalene,Strathearn,Torabhaig,Tullamore,Wolfburn,8 Doors
""".replace("\n", "").split(",")


def in_the_file():
    with REFERENCE.open(encoding="utf-8") as file:
        return [row["Distillery"] for row in csv.DictReader(file)]


@pytest.mark.parametrize(
    ("raw", "proper"),
    [
        ("Laphroig", "Laphroaig"),
        ("Craigganmore", "Cragganmore"),
        ("Knochando", "Knockando"),
        ("Craigallechie", "Craigellachie"),
        (" GlenGarioch\t", "Glen Garioch"),
        ("RoyalLochnagar", "Royal Lochnagar"),
        ("ArranIsleOf", "Isle of Arran"),
        ("GlenDeveronMacduff", "Glen Deveron"),
        ("AnCnoc", "AnCnoc"),
        ("Caol  Ila", "Caol Ila"),
        ("Macallan", "Macallan"),
    ],
)
def test_names_are_as_on_the_bottle(raw, proper):
    assert names.proper_name(raw) == proper


def test_a_proper_name_stays_as_it_is():
    for raw in in_the_file():
        assert names.proper_name(names.proper_name(raw)) == names.proper_name(raw)


def test_every_entry_of_the_table_of_spellings_is_used():
    assert set(names.PROPER) <= set(in_the_file())
    assert set(names.ALSO_CALLED.values()) <= {names.proper_name(raw) for raw in in_the_file()}


def test_case_accents_blanks_and_punctuation_do_not_count():
    assert names.squash("Càol-ILA ") == names.squash("Caol Ila") == "caolila"


def test_no_two_real_distilleries_are_taken_for_one():
    some = [*in_the_file(), *REAL]
    assert names.lookalikes(some) == []


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Laphroaig", "Laphroig"),
        ("GlenGarioch", "Glen Garioch"),
        ("Tamdhu", "Tamdu"),
        ("Talisker", "Tailsker"),
        ("Bruichladdich", "Bruichaldich"),
        ("Oban", "OBAN"),
        ("Oban", "Obann"),
        ("Oban", "Obn"),
        ("Oban", "0ban"),
        ("Glenfarclas", "G1enfarc1as"),
    ],
)
def test_misspellings_are_seen(one, other):
    assert names.lookalikes([one, "Macallan", other]) == [(0, 2)]


@pytest.mark.parametrize(("other", "name"), names.ALSO_CALLED.items())
def test_other_names_are_seen_as_the_same_whisky(other, name):
    assert names.proper_name(other) == name
    assert names.lookalikes([name, "Macallan", other]) == [(0, 2)]
    raw = next(raw for raw in in_the_file() if names.proper_name(raw) == name)
    assert names.lookalikes([raw, "Macallan", f"The {other} Distillery"]) == [(0, 2)]


@pytest.mark.parametrize(
    "dressed",
    [
        *("The {}", "THE {} DISTILLERY", "{} Distillery", "{}, The", "{} (Scotland)", "{} Single Malt Scotch Whisky"),
        *("{} 12", "{} 10 Years Old", "{}-Glenlivet", "{} Islay", "Isle of {}", "{} Distillery Co. Ltd."),
    ],
)
def test_words_around_a_name_do_not_hide_it(dressed):
    for raw in in_the_file():
        assert names.lookalikes([raw, dressed.format(names.proper_name(raw))]) == [(0, 1)]


@pytest.mark.parametrize(
    ("raw", "proper"),
    [
        ("The Macallan", "Macallan"),
        ("the  dalmore distillery", "dalmore"),
        ("Knockdhu", "AnCnoc"),
        ("The Arran", "Isle of Arran"),
        ("The Distillery", "Distillery"),
        ("Theakston", "Theakston"),
    ],
)
def test_what_stands_around_a_name_is_taken_off(raw, proper):
    assert names.proper_name(raw) == proper


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Glen Deveron (Macduff)", "GlenDeveronMacduff"),
        ("Macduff (Glen Deveron)", "GlenDeveronMacduff"),
        ("Talisker (Skye)", "Talisker"),
        ("(Oban)", "Oban"),
        ("Knockdu", "AnCnoc"),
    ],
)
def test_what_is_in_brackets_may_be_the_name(one, other):
    assert names.lookalikes([one, other]) == [(0, 1)]


def test_a_name_of_nothing_but_such_words_stays_one():
    assert names.lookalikes(["Speyside", "Highland Park", "Isle of Skye", "The Distillery", "Scotch Malt"]) == []


def test_what_two_whiskies_share_makes_it_likelier_that_they_are_one():
    pair, shared = ["Benriach", "Benromach"], frozenset({"IV30 8SJ"})
    assert names.lookalikes(pair) == []
    assert names.lookalikes(pair, [shared, shared]) == [(0, 1)]


def test_a_pair_known_to_be_distinct_is_let_pass(monkeypatch):
    monkeypatch.setattr(names, "DISTINCT", frozenset({frozenset({"Tamdhu", "Tamdu"})}))
    assert names.lookalikes(["Tamdhu", "Tamdu"]) == []


@pytest.mark.parametrize(
    ("one", "other", "edits"),
    [("oban", "oban", 0), ("oban", "oba", 1), ("oban", "boan", 1), ("oban", "urban", 2), ("oban", "macallan", 3)],
)
def test_edits_are_counted_up_to_the_limit(one, other, edits):
    assert names.edit_distance(one, other, 2) == names.edit_distance(other, one, 2) == edits


@pytest.mark.parametrize("name", ["Oban", "Nc'nean", "St. Magdalene", "Allt-a-Bhainne", "Càrn Mòr", "8 Doors"])
def test_plausible_names(name):
    assert names.is_plausible(name)


@pytest.mark.parametrize(
    "name", ["", "O", "<b>", "Caol Ãla", "a\tb", "Glen\n", "x" * 41, "-", "Oban\u200b", "オーバン"]
)
def test_implausible_names(name):
    assert not names.is_plausible(name)


def test_aliases_lead_to_whiskies_that_are_there():
    found = names.aliases(["Laphroaig", "Isle of Jura", "Macallan"])
    assert found == {"Jura": "Isle of Jura", "Laphroig": "Laphroaig"}


def test_an_alias_never_hides_a_whisky():
    assert names.aliases(["Knockdhu", "AnCnoc"]) == {}

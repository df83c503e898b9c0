from __future__ import annotations

import random
import sys

import pytest

from pipelines.serving.names import MAX_LENGTH, Names, edits, normalise, words

ITEMS = ["AnCnoc", "Glen Garioch", "Isle of Arran", "Laphroaig", "Macallan", "Mòrlach", "Old Pulteney", "St. Magnus"]
ALIASES = {"Knockdhu": "AnCnoc", "Laphroig": "Laphroaig", "Pulteney": "Old Pulteney", "Gone": "Not an item"}


@pytest.fixture
def names() -> Names:
    return Names(ITEMS, ALIASES, "whisky")


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("Laphroaig", "Laphroaig"),
        ("  laphroaig ", "Laphroaig"),
        ("LAPHROAIG", "Laphroaig"),
        ("GlenGarioch", "Glen Garioch"),
        ("glen-garioch!", "Glen Garioch"),
        ("Glen   Garioch", "Glen Garioch"),
        ("Morlach", "Mòrlach"),
        ("Mo\u0300rlach", "Mòrlach"),
        ("An Cnoc", "AnCnoc"),
        ("an'cnoc", "AnCnoc"),
        ("knockdhu", "AnCnoc"),
        ("The Knockdhu Distillery", "AnCnoc"),
        ("Laphroig", "Laphroaig"),
        ("Pulteney", "Old Pulteney"),
        ("Arran", "Isle of Arran"),
        ("Arran, Isle of", "Isle of Arran"),
        ("Isle of Arran", "Isle of Arran"),
        ("The Isle of Arran Distillery", "Isle of Arran"),
        ("Isle of Laphroaig", "Laphroaig"),
        ("The Macallan", "Macallan"),
        ("Macallan, The", "Macallan"),
        ("Macallan Distillery", "Macallan"),
        ("macallan whisky", "Macallan"),
        ("ＭＡＣＡＬＬＡＮ", "Macallan"),
        ("St Magnus", "St. Magnus"),
    ],
)
def test_usual_spellings_are_forgiven(names: Names, written: str, meant: str) -> None:
    found = names.find(written)
    assert found is not None
    assert ITEMS[found] == meant


@pytest.mark.parametrize(
    "written", ["", " ", "!!!", "the", "distillery", "isle of", "glen", "Gone", "ラフロイグ", "\0"]
)
def test_what_is_no_name_finds_nothing(names: Names, written: str) -> None:
    assert names.find(written) is None


def test_every_item_finds_itself(names: Names) -> None:
    assert [names.find(item) for item in ITEMS] == list(range(len(ITEMS)))


def test_an_items_own_name_goes_before_a_forgiven_one() -> None:
    names = Names(["Arran", "Isle of Arran", "The Arran"], {})
    assert [names.find(text) for text in ("Arran", "isle of arran", "the arran")] == [0, 1, 2]


def test_an_items_own_name_goes_before_an_alias() -> None:
    assert Names(["Jura", "Arran"], {"jura": "Arran"}).find("JURA") == 0


def test_an_ambiguous_name_is_not_guessed_at_but_both_are_suggested() -> None:
    names = Names(["Ben Nevis", "BenNevis", "Oban"], {})
    assert names.find("Ben Nevis") == 0
    assert names.find("BenNevis") == 1
    assert names.find("ben nevis") is None
    assert names.suggest("ben nevis") == ["Ben Nevis", "BenNevis"]


def test_an_alias_that_means_two_items_is_ambiguous() -> None:
    names = Names(["One", "Two"], {"Both": "One", "both": "Two"})
    assert names.find("BOTH") is None
    assert names.suggest("BOTH") == ["One", "Two"]


@pytest.mark.parametrize(
    ("written", "first"),
    [
        ("Laphroiag", "Laphroaig"),
        ("Lafroaig", "Laphroaig"),
        ("Laphro", "Laphroaig"),
        ("the maccallan", "Macallan"),
        ("Glen Gerioch", "Glen Garioch"),
        ("knokdhu", "AnCnoc"),
    ],
)
def test_the_likeliest_is_suggested_first(names: Names, written: str, first: str) -> None:
    assert names.find(written) is None
    assert names.suggest(written)[0] == first


def test_suggestions_are_few_distinct_and_always_the_same(names: Names) -> None:
    suggested = names.suggest("glen old isle", limit=3)
    assert len(suggested) <= 3
    assert len(set(suggested)) == len(suggested)
    assert suggested == names.suggest("glen old isle", limit=3)


def test_nothing_is_suggested_for_what_is_like_nothing(names: Names) -> None:
    assert names.suggest("zzzzzz") == []
    assert names.suggest("!?") == []


@pytest.mark.parametrize("written", ["a" * MAX_LENGTH, "ﷺ" * MAX_LENGTH, "\u0300" * MAX_LENGTH, "glen" * 25, "ab" * 50])
def test_the_work_on_a_hostile_name_is_bounded(names: Names, written: str) -> None:
    """Counted in lines run, for time is the machine's: a hostile name costs little more than a plain one."""
    assert _lines_run(names, written) < 20 * _lines_run(names, "Laphroiag") + 20_000


def _lines_run(names: Names, written: str) -> int:
    count = 0

    def trace(*_: object) -> object:
        nonlocal count
        count += 1
        return trace

    before = sys.gettrace()
    sys.settrace(trace)  # type: ignore[arg-type]
    try:
        names.suggest(written)
    finally:
        sys.settrace(before)
    return count


def test_random_names_never_fail(names: Names) -> None:
    chance = random.Random(1)
    for _ in range(500):
        written = "".join(chr(chance.choice((chance.randrange(0x300), chance.randrange(0xD800)))) for _ in range(20))
        names.find(written)
        assert set(names.suggest(written)) <= set(ITEMS)


def test_words_and_key() -> None:
    assert words("Glen-Gàrioch (Old) & Søn_1") == ["glen", "garioch", "old", "and", "son", "1"]
    assert normalise("Glen-Gàrioch") == "glengarioch"


@pytest.mark.parametrize(
    ("one", "other", "distance"),
    [("", "", 0), ("a", "", 1), ("ab", "ba", 1), ("kitten", "sitting", 3), ("ca", "abc", 3)],
)
def test_edits(one: str, other: str, distance: int) -> None:
    assert edits(one, other) == edits(other, one) == distance

"""Distillery names: from the spellings of the raw file to the ones on the bottle.

Wishart's file joins words (GlenGarioch) and misspells some (Laphroig). Joined words are parted by rule; what no rule
can know stands in a table, so that every change to a name can be reviewed.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence

# What the rule for joined words gets wrong, or can't know.
PROPER = {
    "AnCnoc": "AnCnoc",
    "ArranIsleOf": "Isle of Arran",
    "Craigallechie": "Craigellachie",
    "Craigganmore": "Cragganmore",
    "GlenDeveronMacduff": "Glen Deveron",
    "Knochando": "Knockando",
    "Laphroig": "Laphroaig",
}

# Other names by which customers ask for a whisky; the service understands them too.
ALSO_CALLED = {
    "Arran": "Isle of Arran",
    "Brackla": "Royal Brackla",
    "Fettercairn": "Old Fettercairn",
    "Jura": "Isle of Jura",
    "Knockdhu": "AnCnoc",
    "Lochnagar": "Royal Lochnagar",
    "Macduff": "Glen Deveron",
    "Pulteney": "Old Pulteney",
}

# Pairs of different distilleries whose names look like misspellings of each other. Add a pair here, in a reviewed
# commit, when the contract stops a new whisky that is truly another one.
DISTINCT: frozenset[frozenset[str]] = frozenset()

# Words around a name that are no part of it, as labels, shops and merchants write them.
NOISE = {
    *("distillery", "distilleries", "distillers", "distilling", "single", "malt", "scotch", "whisky", "whiskey"),
    *("co", "company", "ltd", "limited", "year", "years", "yo"),
}
# Where a whisky is from, when it comes after its name: Talisker Skye, Macallan-Glenlivet.
AFTER = {
    *("campbeltown", "glenlivet", "highland", "highlands", "islands", "islay", "lowland", "lowlands", "mull"),
    *("orkney", "scotland", "skye", "speyside"),
}
# Digits and letters that are taken for one another.
LOOKS_LIKE = str.maketrans({"0": "o", "1": "l", "3": "e", "4": "a", "5": "s", "6": "g", "7": "t", "8": "b", "9": "g"})

LETTERS = "A-Za-zÀÁÄÈÉËÌÍÏÒÓÖÙÚÜÇÑàáâäèéêëìíîïòóôöùúûüçñ"
PLAUSIBLE = re.compile(rf"[{LETTERS}0-9][{LETTERS}0-9 .&'’()-]*")
LONGEST = 40


def proper_name(raw: str) -> str:
    """The name as on the bottle: no stray blanks, no "The" or "Distillery", joined words parted, spelt as it should be.

    A whisky that goes by another name (ALSO_CALLED) gets its own.
    """
    tidy = " ".join(raw.split())
    bare = _AROUND.sub("", tidy) or tidy
    return _PROPER_BY_KEY.get(squash(bare)) or re.sub(r"(?<=[a-z])(?=[A-Z])", " ", bare)


def squash(name: str) -> str:
    """What is left of a name when case, accents, blanks and punctuation don't count."""
    plain = unicodedata.normalize("NFKD", name)
    return "".join(letter for letter in plain if letter.isalnum()).casefold()


def is_plausible(name: str) -> bool:
    """Whether this could be a distillery's name: letters as Scots and Gaelic use them, and not too long.

    Markup, control characters and the debris of a wrong encoding (`Ã`, `�`) are not among those letters.
    """
    return 2 <= len(name) <= LONGEST and PLAUSIBLE.fullmatch(name) is not None


def aliases(items: Iterable[str]) -> dict[str, str]:
    """Other spelling to item, for those of `items` that have one beyond what `squash` forgives."""
    known = set(items)
    taken = {squash(item) for item in known}
    return {
        other: name
        for other, name in sorted({**PROPER, **ALSO_CALLED}.items())
        if name in known and squash(other) not in taken
    }


def lookalikes(names: Sequence[str], marks: Sequence[frozenset[str]] | None = None) -> list[tuple[int, int]]:
    """Index pairs (first, second) of names that are one whisky twice, or look like a misspelling of each other.

    `marks` holds what else is known of each (its postcode, its profile): one more letter may differ between two
    names that share a mark.
    """
    keys = [forms(name) for name in names]
    return [
        (first, second)
        for second in range(len(keys))
        for first in range(second)
        if _any_alike(keys[first], keys[second], bool(marks and marks[first] & marks[second]))
        and not known_distinct(names[first], names[second])
    ]


def forms(name: str) -> frozenset[str]:
    """What a name may come down to: without the words around it, and under the other names of the same whisky.

    What stands in brackets may be left out, or be the name itself: Talisker (Skye), Glen Deveron (Macduff).
    """
    proper = proper_name(name)
    inside = re.findall(r"\(([^()]+)\)", proper)
    outside = re.sub(r"\([^()]*\)?", " ", proper).strip()
    known = [part for part in inside if _core(part) in _SAME]
    cores = {_core(part) for part in (outside or proper, *known)}
    return frozenset(cores.union(*(_SAME.get(core, frozenset()) for core in cores)))


def known_distinct(one: str, other: str) -> bool:
    """Whether a reviewed commit says that these two are different distilleries."""
    return frozenset({proper_name(one), proper_name(other)}) in DISTINCT


def edit_distance(one: str, other: str, limit: int) -> int:
    """Fewest letters to insert, delete, replace or swap with the next; `limit + 1` as soon as it is more."""
    if abs(len(one) - len(other)) > limit:
        return limit + 1
    before, last = [], list(range(len(other) + 1))
    for row, letter in enumerate(one, start=1):
        now = [row]
        for column, against in enumerate(other, start=1):
            cost = min(last[column] + 1, now[-1] + 1, last[column - 1] + (letter != against))
            if row > 1 and column > 1 and letter == other[column - 2] and one[row - 2] == against:
                cost = min(cost, before[column - 2] + 1)
            now.append(cost)
        if min(now) > limit:
            return limit + 1
        before, last = last, now
    return last[-1]


def _core(name: str) -> str:
    """A name squashed, without the words around it; digits within it are read as the letters they look like."""
    parted = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name)
    plain = "".join(letter for letter in unicodedata.normalize("NFKD", parted) if not unicodedata.combining(letter))
    words = re.sub(r"\b[il1]sle of\b", " ", re.sub(r"[^\w\s]|_", " ", plain.casefold().replace("'", "")))
    words = re.sub(r"\byears? old\b", " ", words).split()
    kept = [word for word in words if word not in NOISE]
    while len(kept) > 1 and "the" in (kept[0], kept[-1]):
        kept.remove("the")
    while len(kept) > 1 and (kept[-1] in AFTER or kept[-1].isdigit()):
        kept.pop()
    return squash("".join(kept) or name).translate(LOOKS_LIKE)


def _any_alike(some: frozenset[str], others: frozenset[str], related: bool) -> bool:
    return any(_alike(one, other, related) for one in some for other in others)


def _alike(one: str, other: str, related: bool) -> bool:
    # Long names carry more letters to get wrong. Two mistakes in a shorter one make another distillery: Benriach
    # and Benromach, Balmenach and Dalmunach, Glenburgie and Glenugie.
    shortest = min(len(one), len(other))
    limit = 2 if shortest >= 10 else 1 if shortest >= 3 else 0
    limit += related and shortest >= 5
    return edit_distance(one, other, limit) <= limit


def _same_whisky() -> dict[str, frozenset[str]]:
    """Each core of a whisky with several names to all its cores."""
    found: dict[str, set[str]] = {}
    for other, name in {**PROPER, **ALSO_CALLED}.items():
        found.setdefault(name, {_core(name)}).add(_core(other))
    return {core: frozenset(cores) for cores in found.values() for core in cores}


_AROUND = re.compile(r"^the\s+|\s+distillery$", re.IGNORECASE)
_PROPER_BY_KEY = {squash(raw): name for raw, name in {**PROPER, **ALSO_CALLED}.items()}
_SAME = _same_whisky()

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

LETTERS = "A-Za-zÀÁÄÈÉËÌÍÏÒÓÖÙÚÜÇÑàáâäèéêëìíîïòóôöùúûüçñ"
PLAUSIBLE = re.compile(rf"[{LETTERS}0-9][{LETTERS}0-9 .&'’()-]*")
LONGEST = 40


def proper_name(raw: str) -> str:
    """The name as on the bottle: stray blanks gone, joined words parted, known misspellings mended."""
    tidy = " ".join(raw.split())
    return _PROPER_BY_KEY.get(squash(tidy)) or re.sub(r"(?<=[a-z])(?=[A-Z])", " ", tidy)


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
    keys = [squash(proper_name(name)) for name in names]
    return [
        (first, second)
        for second in range(len(keys))
        for first in range(second)
        if _alike(keys[first], keys[second], bool(marks and marks[first] & marks[second]))
        and not _known_distinct(names[first], names[second])
    ]


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


def _alike(one: str, other: str, related: bool) -> bool:
    # Long names carry more letters to get wrong. Two mistakes in a shorter one make another distillery: Benriach
    # and Benromach, Balmenach and Dalmunach, Glenburgie and Glenugie.
    shortest = min(len(one), len(other))
    limit = 2 if shortest >= 10 else 1 if shortest >= 5 else 0
    limit += related and shortest >= 5
    return edit_distance(one, other, limit) <= limit


def _known_distinct(one: str, other: str) -> bool:
    return frozenset({proper_name(one), proper_name(other)}) in DISTINCT


_PROPER_BY_KEY = {squash(raw): name for raw, name in PROPER.items()}

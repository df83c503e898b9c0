"""Names as people write them: what is forgiven when an item is looked up, and what is suggested when none fits."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence

MAX_LENGTH = 100
"""Longest name looked at, in characters; longer ones are refused before they cost anything."""

_KEY_LENGTH = 64  # compared for suggestions; no name is told apart by what comes later
_RANKED = 12  # candidates whose edit distance is worked out; keeps a hostile name under a millisecond or so
_LEAST = 0.3  # below this likeness a suggestion only irritates
_UNDECOMPOSED = str.maketrans({"ø": "o", "æ": "ae", "œ": "oe", "đ": "d", "ð": "d", "ł": "l", "þ": "th", "&": " and "})
_BEFORE: tuple[tuple[str, ...], ...] = (("the",), ("isle", "of"))
_AFTER: tuple[tuple[str, ...], ...] = (("distillery",), ("distilleries",), ("the",), ("isle", "of"))


def words(text: str) -> list[str]:
    """The words of `text` without case, accents or punctuation: "Glen-Gàrioch (Old)" → glen, garioch, old."""
    folded = unicodedata.normalize("NFKD", text.casefold()).translate(_UNDECOMPOSED)
    return re.findall(r"[^\W_]+", "".join(char for char in folded if not unicodedata.combining(char)))


def normalise(text: str) -> str:
    """One key for all spellings that differ only in case, spaces, punctuation or accents."""
    return "".join(words(text))


class Names:
    """Finds the item a name means.

    A name is tried, in this order, as: the item's exact name; the same but for case, spaces, punctuation and
    accents; an alias, forgiven in the same way; then all of that again without "the" and "isle of" (before, or
    behind as in a catalogue) and without "distillery" or the noun itself behind. The first of these that fits one
    item wins; where it fits several, the name is ambiguous and is not guessed at, and they are the suggestions.
    """

    def __init__(self, items: Sequence[str], aliases: Mapping[str, str], noun: str = "") -> None:
        """Take the `items` in row order, `aliases` (other spelling → item; of unknown items: ignored), and the noun."""
        self._items = list(items)
        self._after = (*_AFTER, tuple(words(noun))) if words(noun) else _AFTER
        self._exact = {name: index for index, name in reversed(list(enumerate(items)))}
        known = [(alias, self._exact[item]) for alias, item in aliases.items() if item in self._exact]
        own = [(name, index) for index, name in enumerate(items)]
        full = (_index(normalise, own), _index(normalise, known))
        self._full, self._barer = full, (*full, _index(self._bare, own), _index(self._bare, known))
        self._spellings = [(normalise(text)[:_KEY_LENGTH], index) for text, index in own + known]
        self._grams = [_bigrams(key) for key, _ in self._spellings]
        self._holding: dict[str, list[int]] = defaultdict(list)
        for spelling, grams in enumerate(self._grams):
            for gram in grams:
                self._holding[gram].append(spelling)

    def find(self, text: str) -> int | None:
        """The row of the item that `text` means; None where there is none, or more than one."""
        candidates = self._candidates(text)
        return candidates[0] if len(candidates) == 1 else None

    def suggest(self, text: str, limit: int = 5) -> list[str]:
        """Up to `limit` items that `text` may have meant, the likeliest first."""
        ambiguous = self._candidates(text)
        if ambiguous:
            return [self._items[index] for index in ambiguous[:limit]]
        key = (self._bare(text) or normalise(text))[:_KEY_LENGTH]
        likeness: dict[int, float] = {}
        for spelling, shared in self._most_shared(key):
            spelt, index = self._spellings[spelling]
            found = max(shared, 1 - edits(key, spelt) / max(len(key), len(spelt)))
            if spelt.startswith(key):
                found = max(found, 0.9)
            likeness[index] = max(found, likeness.get(index, 0.0))
        ranked = sorted(likeness, key=lambda index: (-likeness[index], index))
        return [self._items[index] for index in ranked if likeness[index] >= _LEAST][:limit]

    def _candidates(self, text: str) -> list[int]:
        exact = self._exact.get(text.strip())
        if exact is not None:
            return [exact]
        key, bare = normalise(text), self._bare(text)
        levels = [rows.get(key) for rows in self._full] + [rows.get(bare) for rows in self._barer]
        return next(filter(None, levels), [])

    def _most_shared(self, key: str) -> list[tuple[int, float]]:
        """The spellings that share most letter pairs with `key`, with the share (Dice's coefficient)."""
        grams = _bigrams(key)
        shared = Counter(spelling for gram in grams for spelling in self._holding.get(gram, ()))
        dice = {spelling: 2 * count / (len(grams) + len(self._grams[spelling])) for spelling, count in shared.items()}
        return sorted(dice.items(), key=lambda entry: (-entry[1], entry[0]))[:_RANKED]

    def _bare(self, text: str) -> str:
        """The key without the words people add or leave out; never empty where the name is not."""
        left = words(text)
        shorter = True
        while shorter:
            shorter = False
            for extra in _BEFORE:
                if len(left) > len(extra) and tuple(left[: len(extra)]) == extra:
                    left, shorter = left[len(extra) :], True
            for extra in self._after:
                if len(left) > len(extra) and tuple(left[-len(extra) :]) == extra:
                    left, shorter = left[: -len(extra)], True
        return "".join(left)


def edits(one: str, other: str) -> int:
    """How many letters to add, drop, change or swap with the next to turn `one` into `other` (OSA distance)."""
    before: list[int] = []
    last = list(range(len(other) + 1))
    for row, letter in enumerate(one, 1):
        now = [row]
        for column, against in enumerate(other, 1):
            cost = min(last[column] + 1, now[column - 1] + 1, last[column - 1] + (letter != against))
            swapped = row > 1 and column > 1 and letter == other[column - 2] and one[row - 2] == against
            now.append(min(cost, before[column - 2] + 1) if swapped else cost)
        before, last = last, now
    return last[-1]


def _index(key_of: Callable[[str], str], spellings: Sequence[tuple[str, int]]) -> dict[str, list[int]]:
    index: dict[str, list[int]] = {}
    for text, row in spellings:
        rows = index.setdefault(key_of(text), [])
        if row not in rows:
            rows.append(row)
    index.pop("", None)
    return index


def _bigrams(key: str) -> frozenset[str]:
    padded = f"^{key}$"
    return frozenset(padded[at : at + 2] for at in range(len(padded) - 1)) if key else frozenset()

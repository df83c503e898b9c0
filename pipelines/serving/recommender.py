"""A loaded model, ready to answer: its nouns, its names and its neighbours, checked as a whole."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from pipelines import artifact
from pipelines.artifact import ArtifactError, Model
from pipelines.serving.names import MAX_LENGTH, Names
from pipelines.serving.neighbours import METRICS, Neighbours

KIND = "nearest-neighbours"
_TAKEN = {"n", "neighbours", "model", "distance", "profile"}  # keys of our own in questions and answers


class Recommender:
    """What the service knows of one model; never changed once made, so a request sees one model throughout."""

    def __init__(self, model: Model) -> None:
        """Check `model` and rank its items; raises ArtifactError saying what in it can't be served."""
        if model.kind != KIND:
            raise ArtifactError(f"a model of kind {model.kind!r} can't be served here, only {KIND!r}.")
        if not re.fullmatch(r"[A-Za-z0-9._-]+", model.name):
            raise ArtifactError(f"the model's name {model.name!r} can't stand in an address: use A-Z, 0-9 and . _ -")
        self.name, self.version = model.name, model.version
        signature = model.signature
        self.item = _noun(signature)
        self.items = _texts(signature, "items")
        self.features = _texts(signature, "features")
        self.plural = str(signature.get("plural") or plural(self.item))
        self.title = str(signature.get("title") or f"Find your next {self.item}")
        self.low, self.high = _range(signature)
        self.aliases = _mapping(signature, "aliases")
        self.descriptions = _mapping(signature, "descriptions")
        self.metric = str(model.params.get("metric"))
        self.profiles = _array(model, "profiles", (len(self.items), len(self.features)))
        self.names = Names(self.items, self.aliases, self.item)
        self.neighbours = self._rank(model)

    @property
    def most(self) -> int:
        """The largest `n` that can be asked for."""
        return self.neighbours.most

    @property
    def usual(self) -> int:
        """`n` where none is asked for."""
        return min(5, self.most)

    def _rank(self, model: Model) -> Neighbours:
        if self.metric not in METRICS:
            raise ArtifactError(f"the metric {self.metric!r} is not known here; known are {', '.join(METRICS)}.")
        count, width = len(self.items), len(self.features)
        if count < 2:
            raise ArtifactError(f"a model of {count} {self.plural} has no neighbours to recommend: it needs two.")
        spread = _array(model, "spread", (width,))
        if not spread.all():
            raise ArtifactError(
                "the array 'spread' has a zero, which nothing can be divided by. Train the model again."
            )
        vectors = _array(model, "vectors", (count, width))
        return Neighbours(vectors, _array(model, "centre", (width,)), spread, self.metric)


def load(folder: Path) -> Recommender:
    """The recommender of the artifact in `folder`; raises ArtifactError naming the folder and what is wrong.

    A symbolic link is resolved once, first, so that a link that moves meanwhile never mixes two models.
    """
    resolved = folder.resolve()
    model = artifact.load(resolved)
    try:
        return Recommender(model)
    except ArtifactError as error:
        raise ArtifactError(f"{resolved / 'model.json'}: {error}") from None


def plural(noun: str) -> str:
    """The plural of an English noun, as far as spelling rules go."""
    if re.search(r"[^aeiou]y$", noun):
        return noun[:-1] + "ies"
    return noun + ("es" if re.search(r"(s|x|z|ch|sh)$", noun) else "s")


def _noun(signature: Mapping[str, Any]) -> str:
    noun = signature.get("item")
    if not isinstance(noun, str) or not re.fullmatch(r"[a-z][a-z0-9_]{0,31}", noun) or noun in _TAKEN:
        raise ArtifactError(
            f"signature.item is {noun!r}: it must be one lower-case word for what is recommended, and none of "
            f"{', '.join(sorted(_TAKEN))}."
        )
    return noun


def _texts(signature: Mapping[str, Any], key: str) -> list[str]:
    texts = signature.get(key)
    if not isinstance(texts, list) or not texts or not all(isinstance(text, str) and text for text in texts):
        raise ArtifactError(f"signature.{key} must be a list of names.")
    twice = sorted({text for text in texts if texts.count(text) > 1})
    if twice:
        raise ArtifactError(f"signature.{key} has {twice[0]!r} twice.")
    too_long = next((text for text in texts if len(text) > MAX_LENGTH), None)
    if too_long:
        raise ArtifactError(f"signature.{key} has a name of {len(too_long)} characters; {MAX_LENGTH} is the most.")
    return texts


def _mapping(signature: Mapping[str, Any], key: str) -> dict[str, str]:
    """A mapping of text to text that may be left out."""
    mapping = signature.get(key) or {}
    if not isinstance(mapping, dict) or not all(isinstance(text, str) for text in mapping.values()):
        raise ArtifactError(f"signature.{key} must map names to text.")
    return mapping


def _range(signature: Mapping[str, Any]) -> tuple[float, float]:
    limits = signature.get("range")
    match limits:
        case [int() | float() as low, int() | float() as high] if low < high:
            return low, high
    raise ArtifactError(f"signature.range is {limits!r}: it must be [lowest, highest].")


def _array(model: Model, name: str, shape: tuple[int, ...]) -> npt.NDArray[np.float64]:
    if name not in model.arrays:
        raise ArtifactError(f"the array {name!r} is missing. Train the model again.")
    array = model.arrays[name]
    if array.dtype.kind not in "fiu":
        raise ArtifactError(f"the array {name!r} holds no numbers but {array.dtype}. Train the model again.")
    array = array.astype(np.float64)
    if array.shape != shape:
        raise ArtifactError(f"the array {name!r} has shape {array.shape}, and {shape} is due. Train the model again.")
    if not np.isfinite(array).all():
        raise ArtifactError(f"the array {name!r} holds numbers that are not finite. Train the model again.")
    return array

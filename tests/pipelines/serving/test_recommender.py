from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pipelines import artifact
from pipelines.artifact import ArtifactError, Model
from pipelines.serving import recommender
from pipelines.serving.recommender import Recommender


def changed(model: Model, **parts: Any) -> Model:
    fields = ("name", "kind", "signature", "params", "arrays")
    return Model(**{**{field: getattr(model, field) for field in fields}, **parts})


def test_nouns_and_settings_come_from_the_model(make_model: Callable[..., Model]) -> None:
    made = Recommender(make_model(noun="ale"))
    assert (made.name, made.item, made.plural, made.title) == ("ale", "ale", "ales", "Find your next ale")
    assert (made.low, made.high, made.usual, made.most) == (0, 4, 5, 9)
    assert made.version == make_model(noun="ale").version


def test_a_tiny_model_offers_no_more_than_it_has(make_model: Callable[..., Model]) -> None:
    made = Recommender(make_model(profiles={"One": [1, 2, 3, 4], "Two": [2, 2, 2, 2], "Three": [0, 0, 0, 0]}))
    assert (made.usual, made.most) == (2, 2)


@pytest.mark.parametrize(
    ("noun", "many"), [("whisky", "whiskies"), ("ale", "ales"), ("gin", "gins"), ("bay", "bays"), ("box", "boxes")]
)
def test_plural(noun: str, many: str) -> None:
    assert recommender.plural(noun) == many


@pytest.mark.parametrize(
    ("signature", "said"),
    [
        ({"item": "n"}, "signature.item"),
        ({"item": "Two words"}, "signature.item"),
        ({"item": None}, "signature.item"),
        ({"items": []}, "signature.items"),
        ({"items": "abc"}, "signature.items"),
        ({"items": [*"abcdefghi", "a"]}, "'a' twice"),
        ({"items": [*"abcdefghi", "j" * 101]}, "101 characters"),
        ({"items": ["a", "b"]}, "has shape"),
        ({"features": ["Body"]}, "has shape"),
        ({"range": [4, 0]}, "signature.range"),
        ({"range": None}, "signature.range"),
        ({"range": ["a", "b"]}, "signature.range"),
        ({"aliases": ["a"]}, "signature.aliases"),
        ({"descriptions": {"a": 1}}, "signature.descriptions"),
    ],
)
def test_a_signature_that_cannot_be_served_is_refused(
    make_model: Callable[..., Model], signature: dict[str, Any], said: str
) -> None:
    with pytest.raises(ArtifactError, match=said):
        Recommender(make_model(**signature))


@pytest.mark.parametrize(
    ("array", "value", "said"),
    [
        ("spread", np.zeros(4), "zero"),
        ("vectors", np.full((10, 4), np.nan), "not finite"),
        ("vectors", np.zeros((10, 3)), "shape"),
        ("vectors", np.full((10, 4), "a"), "numbers"),
        ("centre", None, "missing"),
    ],
)
def test_arrays_that_cannot_be_served_are_refused(
    make_model: Callable[..., Model], array: str, value: Any, said: str
) -> None:
    model = make_model()
    arrays = {**model.arrays, array: value}
    if value is None:
        del arrays[array]
    with pytest.raises(ArtifactError, match=said):
        Recommender(changed(model, arrays=arrays))


@pytest.mark.parametrize(
    ("parts", "said"),
    [({"kind": "forest"}, "kind"), ({"name": "a/b"}, "address"), ({"params": {"metric": "hamming"}}, "hamming")],
)
def test_a_model_of_another_sort_is_refused(make_model: Callable[..., Model], parts: Any, said: str) -> None:
    with pytest.raises(ArtifactError, match=said):
        Recommender(changed(make_model(), **parts))


def test_one_item_has_no_neighbours(make_model: Callable[..., Model]) -> None:
    with pytest.raises(ArtifactError, match="needs two"):
        Recommender(make_model(profiles={"Alone": [1, 2, 3, 4]}))


def test_load_follows_a_link_and_names_the_folder(make_model: Callable[..., Model], tmp_path: Path) -> None:
    version = artifact.save(make_model(), tmp_path / "one")
    (tmp_path / "current").symlink_to("one")
    assert recommender.load(tmp_path / "current").version == version
    artifact.save(make_model(item="n"), tmp_path / "bad")
    with pytest.raises(ArtifactError, match=r"bad.model\.json: signature\.item"):
        recommender.load(tmp_path / "bad")

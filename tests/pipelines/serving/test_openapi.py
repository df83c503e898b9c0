from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import jsonschema
import pytest

from pipelines.artifact import Model
from pipelines.serving import openapi
from pipelines.serving.recommender import Recommender


@pytest.fixture
def document(recommender: Recommender) -> dict:
    return openapi.document(recommender)


def test_the_nouns_are_the_models(make_model: Callable[..., Model]) -> None:
    text = json.dumps(openapi.document(Recommender(make_model(noun="ale"))))
    assert "whisk" not in text
    assert "ale" in text


def test_what_is_documented_is_there_and_what_is_there_is_documented(document: dict, asker: Callable) -> None:
    pages = {path for path in asker.app._routes if path.startswith(("/page/", "/favicon"))}
    served = set(asker.app._routes) - pages
    served |= {f"/v2/models/whisky{suffix}" for suffix in asker.app._model_routes}
    assert {path for path in document["paths"] if "/versions/" not in path} == served
    for path, operations in document["paths"].items():
        allowed = asker("OPTIONS", path).headers["allow"].lower().split(", ")
        assert sorted([*operations, "options"]) == sorted(allowed), path


def test_operation_ids_are_unique_and_every_reference_leads_somewhere(document: dict) -> None:
    ids = [operation["operationId"] for path in document["paths"].values() for operation in path.values()]
    assert len(set(ids)) == len(ids)
    text = json.dumps(document)
    for kind in ("schemas", "headers"):
        for name in document["components"][kind]:
            assert f"#/components/{kind}/{name}" in text, f"{name} is used nowhere"


@pytest.mark.parametrize(
    ("target", "schema"),
    [
        ("/recommend?whisky=Ardbeg&n=2", "Recommendation"),
        ("/recommend?whisky=Ardbg", "Problem"),
        ("/recommend", "Problem"),
        ("/items", "Items"),
        ("/healthz", "Health"),
        ("/readyz", "Ready"),
        ("/v2", "Server"),
        ("/v2/health/live", "Live"),
        ("/v2/health/ready", "Ready"),
        ("/v2/models/whisky", "Metadata"),
        ("/v2/models/whisky/ready", "Ready"),
        ("/v2/models/gin", "Error"),
    ],
)
def test_answers_are_as_documented(document: dict, asker: Callable, target: str, schema: str) -> None:
    rules = {"$ref": f"#/components/schemas/{schema}", "components": document["components"]}
    jsonschema.Draft202012Validator(rules).validate(asker.get(target).json())


def test_the_document_is_the_same_every_time(document: dict, recommender: Recommender, tmp_path: Path) -> None:
    assert json.dumps(document) == json.dumps(openapi.document(recommender))

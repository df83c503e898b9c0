"""The OpenAPI document: what can be asked and answered, written in the model's own nouns."""

from __future__ import annotations

from typing import Any

from pipelines.serving.names import MAX_LENGTH
from pipelines.serving.protocol import MOST_ROWS, PROFILE
from pipelines.serving.recommender import Recommender

Json = dict[str, Any]


def document(model: Recommender) -> Json:
    """The OpenAPI 3.1 document of a service that serves `model`."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": model.title,
            "version": model.version[:12],
            "description": f"Recommends the {model.plural} nearest to a {model.item}, out of {len(model.items)}.",
        },
        "servers": [{"url": "/"}],
        "paths": {**_questions(model), **_operations(), **_page(), **_protocol(model)},
        "components": {"schemas": _schemas(model), "headers": {"X-Request-Id": _request_id()}},
    }


def _questions(model: Recommender) -> Json:
    recommend = {
        "operationId": "recommend",
        "summary": f"The {model.plural} nearest to a {model.item}, itself never among them",
        "description": "A parameter that is not listed here is refused (422), so that a slip never goes unnoticed.",
        "parameters": [
            {
                "name": model.item,
                "in": "query",
                "required": True,
                "description": "Its name; case, spaces, punctuation, accents and usual spellings are forgiven.",
                "schema": {"type": "string", "minLength": 1, "maxLength": MAX_LENGTH, "pattern": r"\S"},
                "example": model.items[0],
            },
            {
                "name": "n",
                "in": "query",
                "description": "How many neighbours.",
                "schema": {"type": "integer", "minimum": 1, "maximum": model.most, "default": model.usual},
            },
        ],
        "responses": {
            **_answer("The neighbours, nearest first.", "Recommendation"),
            **_problems({400: "The query can't be read.", 404: f"No such {model.item}.", 422: "A wrong parameter."}),
        },
    }
    items = {
        "operationId": "items",
        "summary": f"All {model.plural} with their profiles",
        "responses": _answer(f"The {model.plural} in row order.", "Items"),
    }
    return {"/recommend": _read(recommend), "/items": _read(items)}


def _operations() -> Json:
    ready = {**_answer("It serves.", "Ready"), **_answer("It is going down; ask another.", "Ready", 503)}
    return {
        "/healthz": _read(_operation("healthz", "Is the process alive?", _answer("It is.", "Health"))),
        "/readyz": _read(_operation("readyz", "Should requests be sent here?", ready)),
        "/metrics": _read(_operation("metrics", "Prometheus metrics", _text("text/plain"))),
        "/openapi.json": _read(_operation("openapi", "This document", _answer("OpenAPI 3.1.", None))),
    }


def _page() -> Json:
    return {"/": _read(_operation("page", "The page for customers", _text("text/html")))}


def _protocol(model: Recommender) -> Json:
    live = _answer("It is live.", "Live")
    ready = {**_answer("It is ready.", "Ready"), **_answer("It is going down.", "Ready", 503)}
    found = _answer("The model's inputs and outputs.", "Metadata")
    infer = {
        "summary": "Neighbours of several names or profiles at once",
        "requestBody": {"required": True, "content": _json("InferenceRequest")},
        "responses": {
            **_answer("The outputs.", "InferenceResponse"),
            **_errors({400: "A wrong request.", 413: "Too large.", 415: "The body is not JSON."}),
        },
    }
    paths: Json = {
        "/v2": _read(_operation("serverMetadata", "The server", _answer("Its name.", "Server"))),
        "/v2/health/live": _read(_operation("serverLive", "Open Inference Protocol: live?", live)),
        "/v2/health/ready": _read(_operation("serverReady", "Open Inference Protocol: ready?", ready)),
    }
    for base, suffix in ((f"/v2/models/{model.name}", ""), (_versioned(model), "OfVersion")):
        paths[base] = _read(_operation(f"modelMetadata{suffix}", "The model", found))
        paths[f"{base}/ready"] = _read(_operation(f"modelReady{suffix}", "Is the model ready?", ready))
        paths[f"{base}/infer"] = {"post": {"operationId": f"infer{suffix}", **infer}}
    return paths


def _versioned(model: Recommender) -> str:
    return f"/v2/models/{model.name}/versions/{model.version}"


def _read(operation: Json) -> Json:
    """GET, and HEAD that is the same without the body."""
    bare = {
        status: {key: value for key, value in answer.items() if key != "content"}
        for status, answer in operation["responses"].items()
    }
    head = {**operation, "operationId": operation["operationId"] + "Head", "responses": bare}
    return {"get": operation, "head": head}


def _operation(name: str, summary: str, responses: Json) -> Json:
    return {"operationId": name, "summary": summary, "responses": responses}


def _answer(description: str, schema: str | None, status: int = 200) -> Json:
    content = _json(schema) if schema else {"application/json": {"schema": {"type": "object"}}}
    return {str(status): {"description": description, "content": content, "headers": _headers()}}


def _text(media_type: str) -> Json:
    return {
        "200": {
            "description": "Text.",
            "content": {media_type: {"schema": {"type": "string"}}},
            "headers": _headers(),
        }
    }


def _problems(statuses: dict[int, str]) -> Json:
    content = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    return {
        str(status): {"description": description, "content": content, "headers": _headers()}
        for status, description in statuses.items()
    }


def _errors(statuses: dict[int, str]) -> Json:
    return {
        str(status): {"description": description, "content": _json("Error"), "headers": _headers()}
        for status, description in statuses.items()
    }


def _json(schema: str) -> Json:
    return {"application/json": {"schema": {"$ref": f"#/components/schemas/{schema}"}}}


def _headers() -> Json:
    return {"X-Request-Id": {"$ref": "#/components/headers/X-Request-Id"}}


def _request_id() -> Json:
    return {
        "description": "The id under which the request is logged: the one sent, if harmless, else a new one.",
        "schema": {"type": "string", "pattern": "^[A-Za-z0-9._~+/=:@-]{1,128}$"},
        "required": True,
    }


def _object(properties: Json, optional: Json | None = None, closed: bool = True) -> Json:
    schema: Json = {
        "type": "object",
        "properties": {**properties, **(optional or {})},
        "required": list(properties),
    }
    return {**schema, "additionalProperties": False} if closed else schema


def _array(items: Json, **limits: int) -> Json:
    return {"type": "array", "items": items, **limits}


def _schemas(model: Recommender) -> Json:
    text, number, integer, flag = ({"type": kind} for kind in ("string", "number", "integer", "boolean"))
    version = {"type": "string", "pattern": "^[0-9a-f]{64}$", "description": "The model's content hash."}
    item = {"type": "string", "enum": model.items} if len(model.items) <= 1000 else text
    neighbour = _object({model.item: item, "distance": {"type": "number", "minimum": 0}})
    entry = _object({"name": item, "profile": _array(number)}, {"description": text, "also": _array(text)})
    counts = {"most": integer, "usual": integer}
    return {
        "Recommendation": _object(
            {
                model.item: item,
                "neighbours": _array(neighbour, minItems=1, maxItems=model.most),
                "model": version,
            }
        ),
        "Items": _object(
            {"item": text, "plural": text, "title": text, "features": _array(text), "range": _array(number)}
            | {
                "steps": _array(number),
                "neighbours": _object(counts),
                "items": _array(entry),
                "model": version,
            }
        ),
        "Problem": _object(
            {"type": text, "title": text, "status": integer, "detail": text},
            {"parameter": text, "suggestions": _array(item, maxItems=5)},
        ),
        "Error": _object({"error": text}),
        "Health": _object({"status": {"const": "ok"}}),
        "Ready": _object({"ready": flag}, {"name": text, "model": version}),
        "Live": _object({"live": flag}),
        "Server": _object({"name": text, "version": text, "extensions": _array(text)}),
        **_inference_schemas(model, version),
    }


def _inference_schemas(model: Recommender, version: Json) -> Json:
    text, integer, free = {"type": "string"}, {"type": "integer"}, {"type": "object"}
    low, high, width = model.low, model.high, len(model.features)
    rows = {"type": "integer", "minimum": 1, "maximum": MOST_ROWS}
    score = {"type": "number", "minimum": low, "maximum": high}
    tensor = {"name": text, "datatype": text, "shape": _array(integer)}
    names = _object(
        {
            "name": {"const": model.item},
            "datatype": {"const": "BYTES"},
            "shape": _array(rows, minItems=1, maxItems=1),
            "data": _array({"type": "string", "minLength": 1, "maxLength": MAX_LENGTH}, minItems=1),
        },
        closed=False,
    )
    profiles = _object(
        {
            "name": {"const": PROFILE},
            "datatype": {"enum": ["FP64", "FP32"]},
            "shape": {"type": "array", "prefixItems": [rows, {"const": width}], "minItems": 2, "maxItems": 2},
            "data": _array(_array(score, minItems=width, maxItems=width), minItems=1),
        },
        closed=False,
    )
    n = {"type": "integer", "minimum": 1, "maximum": model.most}
    output = _object({"name": {"enum": ["neighbours", "distance"]}}, closed=False)
    return {
        "Metadata": _object(
            {"name": text, "versions": _array(version), "platform": text, "parameters": free}
            | {"inputs": _array(_object(tensor)), "outputs": _array(_object(tensor))}
        ),
        "InferenceRequest": _object(
            {"inputs": _array({"anyOf": [names, profiles]}, minItems=1, maxItems=1)},
            {
                "id": text,
                "parameters": _object({}, {"n": n}, closed=False),
                "outputs": {**_array(output, maxItems=2), "uniqueItems": True},
            },
            closed=False,
        ),
        "InferenceResponse": _object(
            {"model_name": {"const": model.name}, "model_version": version}
            | {"outputs": _array(_object({**tensor, "data": {"type": "array"}}))},
            {"id": text},
        ),
    }

"""The Open Inference Protocol as a client sees it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from pipelines.serving.problems import Problem
from pipelines.serving.protocol import MOST_ROWS, infer, metadata
from pipelines.serving.recommender import Recommender


def names(*asked: Any, **parts: Any) -> dict[str, Any]:
    tensor = {"name": "whisky", "datatype": "BYTES", "shape": [len(asked)], "data": list(asked)}
    return {"inputs": [tensor | parts]}


def profiles(*rows: Any, **parts: Any) -> dict[str, Any]:
    tensor = {"name": "profile", "datatype": "FP64", "shape": [len(rows), 4], "data": list(rows)}
    return {"inputs": [tensor | parts]}


def outputs(model: Recommender, request: dict[str, Any]) -> dict[str, Any]:
    answer = infer(model, json.dumps(request).encode())
    return {output["name"]: output for output in answer["outputs"]}


def refusal(model: Recommender, body: bytes | dict[str, Any]) -> str:
    with pytest.raises(Problem) as caught:
        infer(model, body if isinstance(body, bytes) else json.dumps(body).encode())
    assert caught.value.status == 400
    return str(caught.value)


def test_names_in_neighbours_and_distances_out(recommender: Recommender) -> None:
    request = names("laphroig", "Glen Grant") | {"parameters": {"n": 2}, "id": "seven"}
    answer = infer(recommender, json.dumps(request).encode())
    assert answer == {
        "model_name": "whisky",
        "model_version": recommender.version,
        "id": "seven",
        "outputs": [
            {
                "name": "neighbours",
                "datatype": "BYTES",
                "shape": [2, 2],
                "data": ["Lagavulin", "Talisker", "Isle of Arran", "AnCnoc"],
            },
            {
                "name": "distance",
                "datatype": "FP64",
                "shape": [2, 2],
                "data": [0.0, 1.0, pytest.approx(3**0.5), 2.0],
            },
        ],
    }


def test_each_row_is_what_recommending_that_item_gives(recommender: Recommender) -> None:
    found = outputs(recommender, names(*recommender.items))
    for row in range(len(recommender.items)):
        ranking = recommender.neighbours.of_item(row, 5)
        assert found["neighbours"]["data"][row * 5 : row * 5 + 5] == [recommender.items[at] for at, _ in ranking]
        assert found["distance"]["data"][row * 5 : row * 5 + 5] == [distance for _, distance in ranking]


def test_a_new_profile(recommender: Recommender) -> None:
    found = outputs(recommender, profiles([4, 1, 4, 1]) | {"parameters": {"n": 3}})
    assert found["neighbours"]["data"] == ["Lagavulin", "Laphroaig", "Talisker"]
    assert found["distance"]["data"] == [0.0, 0.0, 1.0]


@pytest.mark.parametrize("datatype", ["FP64", "FP32", "INT8", "INT64", "UINT8"])
def test_flat_and_nested_data_of_any_number_type(recommender: Recommender, datatype: str) -> None:
    nested = outputs(recommender, profiles([4, 1, 4, 1], [0, 0, 0, 0], datatype=datatype))
    flat = outputs(recommender, profiles(shape=[2, 4], data=[4, 1, 4, 1, 0, 0, 0, 0], datatype=datatype))
    assert nested == flat
    assert nested["distance"]["shape"] == [2, 5]


def test_names_may_stand_in_a_column(recommender: Recommender) -> None:
    flat = outputs(recommender, names("Ardbeg", "AnCnoc"))
    assert outputs(recommender, names("Ardbeg", "AnCnoc", shape=[2, 1])) == flat
    assert outputs(recommender, names(shape=[2, 1], data=[["Ardbeg"], ["AnCnoc"]])) == flat


def test_only_the_outputs_asked_for(recommender: Recommender) -> None:
    assert list(outputs(recommender, names("Ardbeg") | {"outputs": [{"name": "distance"}]})) == ["distance"]


@pytest.mark.parametrize(
    ("request_", "said"),
    [
        (names("Lafroaig"), r"whisky[0] is “Lafroaig”, which is not known here. Did you mean Laphroaig"),
        (names("Ardbeg", 7), "whisky[1] is no text"),
        (names("x" * 5000), "whisky[0]"),
        (names("Ardbeg", datatype="FP64"), "its datatype is BYTES"),
        (names("Ardbeg", shape=[2]), "has 1 values; shape [2] asks for 2"),
        (names("Ardbeg", shape=[]), "[N] is due"),
        (names("Ardbeg", shape=[1, 1, 1]), "[N] is due"),
        (names("Ardbeg", shape=[-1]), "Expected `int` >= 0"),
        (names(shape=[0], data=[]), "has 0 rows"),
        (names(*["Ardbeg"] * (MOST_ROWS + 1)), f"1 to {MOST_ROWS}"),
        (profiles([4, 1, 4]), "nested otherwise"),
        (profiles([4, 1, 4, 1], 3), "nested otherwise"),
        (profiles([4, 1, [4], 1]), "profile[0] Smoky is no number"),
        (profiles([4, 1, None, 1]), "profile[0] Smoky is no number"),
        (profiles([0, 0, 0, 0], [4, 1, 4, True]), "profile[1] Floral is no number"),
        (profiles([4, 7, 4, 1]), "profile[0] Honey is 7; 0 to 4 is the range"),
        (profiles([4, -1, 4, 1]), "profile[0] Honey is -1"),
        (profiles([4, 10**400, 4, 1]), "profile[0] Honey"),
        (profiles([4, 1, 4, 1], shape=[1, 3]), "[N, 4] is due"),
        (profiles([4, 1, 4, 1], shape=[4]), "[N, 4] is due"),
        (profiles([4, 1, 4, 1], shape=[10**30, 4]), "shape[0]"),
        (profiles([4, 1, 4, 1], shape=[300, 4]), "has 300 rows"),
        (profiles([4, 1, 4, 1], datatype="BYTES"), "FP64 or alike"),
        (names("Ardbeg", name="gin"), "takes whisky or profile"),
        ({"inputs": []}, "holds 0 tensors"),
        ({"inputs": names("Ardbeg")["inputs"] * 2}, "holds 2 tensors"),
        (names("Ardbeg") | {"parameters": {"n": 0}}, "from 1 to 9"),
        (names("Ardbeg") | {"parameters": {"n": 10}}, "from 1 to 9"),
        (names("Ardbeg") | {"parameters": {"n": True}}, "from 1 to 9"),
        (names("Ardbeg") | {"parameters": {"n": 2.5}}, "from 1 to 9"),
        (names("Ardbeg") | {"parameters": {"n": None}}, "from 1 to 9"),
        (names("Ardbeg") | {"outputs": [{"name": "price"}]}, "outputs[0] is “price”"),
        (names("Ardbeg") | {"outputs": [{"name": "distance"}] * 2}, "a second time"),
        (names("Ardbeg", data="Ardbeg"), "Expected `array`"),
        ({}, "missing required field `inputs`"),
    ],
)
def test_a_wrong_request_says_what_is_wrong(recommender: Recommender, request_: dict[str, Any], said: str) -> None:
    assert said in refusal(recommender, request_)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"null",
        b"{",
        b"\xff",
        b'{"inputs": "\xff"}',
        b"[" * 100_000,
        b'{"inputs":[{"name":"profile","shape":[1,4],"datatype":"FP64","data":' + b"[" * 50_000,
        b'{"inputs":[{"name":"profile","shape":[1,4],"datatype":"FP64","data":[NaN,1,1,1]}]}',
        b'{"inputs":[{"name":"profile","shape":[1,4],"datatype":"FP64","data":[1e999,1,1,1]}]}',
        b'{"inputs":[{"name":"profile","shape":[1,4],"datatype":"FP64","data":[-Infinity,1,1,1]}]}',
        b'{"inputs":[{"name":"profile","shape":[1e30,4],"datatype":"FP64","data":[1,1,1,1]}]}',
        b'{"inputs":[{"name":"profile","shape":[' + b"9" * 9_000 + b',4],"datatype":"FP64","data":[1,1,1,1]}]}',
        b'{"inputs":[{"name":"profile","shape":[1,4],"datatype":"FP64","data":[-' + b"9" * 9_000 + b",1,1,1]}]}",
    ],
)
def test_a_body_that_is_no_request(recommender: Recommender, body: bytes) -> None:
    assert refusal(recommender, body)


def test_metadata_names_what_infer_takes_and_gives(recommender: Recommender) -> None:
    told = metadata(recommender)
    assert told["versions"] == [recommender.version]
    assert [(tensor["name"], tensor["datatype"]) for tensor in told["inputs"]] == [
        ("whisky", "BYTES"),
        ("profile", "FP64"),
    ]
    assert [tensor["name"] for tensor in told["outputs"]] == list(outputs(recommender, names("Ardbeg")))

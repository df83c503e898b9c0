"""The Open Inference Protocol, version 2: the model's metadata, and inference on names or on new profiles.

https://github.com/kserve/open-inference-protocol; bad requests get 400 and `{"error": …}`, as it lays down.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Annotated, Any

import msgspec

from pipelines.serving.names import MAX_LENGTH
from pipelines.serving.neighbours import Ranking
from pipelines.serving.problems import Problem, shown
from pipelines.serving.recommender import Recommender

MOST_ROWS = 256
"""The most names or profiles in one request."""

PROFILE = "profile"
_NUMBERS = {"FP64", "FP32", *(f"{kind}{bits}" for kind in ("INT", "UINT") for bits in (8, 16, 32, 64))}
_OUTPUTS = {"neighbours": "BYTES", "distance": "FP64"}


Size = Annotated[int, msgspec.Meta(ge=0, le=1_000_000)]


class Input(msgspec.Struct):
    """A tensor that comes in; `data` is flat or nested, in row-major order."""

    name: str
    shape: list[Size]
    datatype: str
    data: list[Any]


class Output(msgspec.Struct):
    """The name of a tensor that is wanted back."""

    name: str


class Request(msgspec.Struct):
    """An inference request; `parameters` may hold `n`."""

    inputs: list[Input]
    outputs: list[Output] | None = None
    parameters: dict[str, Any] | None = None
    id: str | None = None


_decoder = msgspec.json.Decoder(Request)


def server() -> dict[str, Any]:
    """The answer to `/v2`."""
    return {"name": "stillhouse", "version": "2", "extensions": []}


def metadata(model: Recommender) -> dict[str, Any]:
    """What the model takes and gives; -1 is a size that is free."""
    return {
        "name": model.name,
        "versions": [model.version],
        "platform": "stillhouse_nearest-neighbours",
        "inputs": [
            {"name": model.item, "datatype": "BYTES", "shape": [-1]},
            {"name": PROFILE, "datatype": "FP64", "shape": [-1, len(model.features)]},
        ],
        "outputs": [{"name": name, "datatype": datatype, "shape": [-1, -1]} for name, datatype in _OUTPUTS.items()],
        "parameters": {"n": model.usual, "features": model.features, "range": [model.low, model.high]},
    }


def infer(model: Recommender, body: bytes) -> dict[str, Any]:
    """The inference response to the request in `body`: either names or profiles in, neighbours and distances out.

    Raises Problem (400) saying which part of the request is wrong.
    """
    request = _decode(body)
    n = _count(model, request)
    wanted = _wanted(request)
    if len(request.inputs) != 1:
        raise Problem(400, f"inputs holds {len(request.inputs)} tensors; send one, {model.item} or {PROFILE}.")
    tensor = request.inputs[0]
    if tensor.name == model.item:
        rankings = [model.neighbours.of_item(row, n) for row in _rows(model, tensor)]
    elif tensor.name == PROFILE:
        rankings = [model.neighbours.of_profile(profile, n) for profile in _profiles(model, tensor)]
    else:
        raise Problem(400, f"inputs[0] is {shown(tensor.name)}; this model takes {model.item} or {PROFILE}.")
    answer = {"model_name": model.name, "model_version": model.version}
    if request.id is not None:
        answer["id"] = request.id
    return {**answer, "outputs": [_output(model, name, rankings, n) for name in wanted]}


def _decode(body: bytes) -> Request:
    try:
        return _decoder.decode(body)
    except RecursionError:
        raise Problem(400, "The body is nested too deeply.") from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Problem(400, f"The body is no inference request: {error}.") from None


def _count(model: Recommender, request: Request) -> int:
    n = (request.parameters or {}).get("n", model.usual)
    if isinstance(n, bool) or not isinstance(n, int) or not 1 <= n <= model.most:
        raise Problem(400, f"parameters.n must be a whole number from 1 to {model.most}.")
    return n


def _wanted(request: Request) -> list[str]:
    if not request.outputs:
        return list(_OUTPUTS)
    wanted = [output.name for output in request.outputs]
    for at, name in enumerate(wanted):
        if name not in _OUTPUTS:
            raise Problem(400, f"outputs[{at}] is {shown(name)}; this model gives {' and '.join(_OUTPUTS)}.")
        if name in wanted[:at]:
            raise Problem(400, f"outputs[{at}] asks for {name} a second time.")
    return wanted


def _rows(model: Recommender, tensor: Input) -> list[int]:
    """The rows of the items that a tensor of names, [N] or [N, 1], means."""
    if tensor.datatype != "BYTES":
        raise Problem(400, f"{tensor.name} holds names, so its datatype is BYTES, not {shown(tensor.datatype)}.")
    _check_shape(tensor, 1)
    names = _flat(tensor)
    rows = []
    for at, name in enumerate(names):
        if not isinstance(name, str):
            raise Problem(400, f"{tensor.name}[{at}] is no text.")
        row = model.names.find(name) if len(name) <= MAX_LENGTH else None
        if row is None:
            closest = model.names.suggest(name[:MAX_LENGTH])
            hint = f" Did you mean {' or '.join(closest[:3])}?" if closest else ""
            raise Problem(400, f"{tensor.name}[{at}] is {shown(name)}, which is not known here.{hint}")
        rows.append(row)
    return rows


def _profiles(model: Recommender, tensor: Input) -> list[Sequence[float]]:
    """The profiles in a tensor of numbers, [N, F]."""
    if tensor.datatype not in _NUMBERS:
        raise Problem(400, f"{PROFILE} holds numbers, so its datatype is FP64 or alike, not {shown(tensor.datatype)}.")
    width = len(model.features)
    _check_shape(tensor, width)
    values = _flat(tensor)
    for at, value in enumerate(values):
        where = f"{PROFILE}[{at // width}] {model.features[at % width]}"
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise Problem(400, f"{where} is no number.")
        if not model.low <= value <= model.high:
            told = f"{value:.6g}" if abs(value) < 1e9 else "far too large"
            raise Problem(400, f"{where} is {told}; {model.low:g} to {model.high:g} is the range.")
    return [values[start : start + width] for start in range(0, len(values), width)]


def _check_shape(tensor: Input, width: int) -> None:
    shape = tensor.shape
    due = f"[N, {width}]" if width > 1 else "[N]"
    if not (len(shape) == 2 and shape[1] == width) and not (width == 1 and len(shape) == 1):
        raise Problem(400, f"{tensor.name} has shape {shape[:4]}; {due} is due.")
    if not 1 <= shape[0] <= MOST_ROWS:
        raise Problem(400, f"{tensor.name} has {shape[0]} rows; 1 to {MOST_ROWS} is what one request may hold.")


def _flat(tensor: Input) -> list[Any]:
    """The data in row-major order: as many values as the shape says, flat or nested one level."""
    due = math.prod(tensor.shape)
    rows = tensor.data
    nested = len(tensor.shape) == 2 and any(isinstance(row, list) for row in rows)
    if nested:
        if not all(isinstance(row, list) and len(row) == tensor.shape[1] for row in rows):
            raise Problem(400, f"{tensor.name}'s data is nested otherwise than its shape {tensor.shape} says.")
        rows = [value for row in rows for value in row]
    if len(rows) != due:
        raise Problem(400, f"{tensor.name}'s data has {len(rows)} values; shape {tensor.shape} asks for {due}.")
    return rows


def _output(model: Recommender, name: str, rankings: list[Ranking], n: int) -> dict[str, Any]:
    data: list[Any]
    if name == "neighbours":
        data = [model.items[row] for ranking in rankings for row, _ in ranking]
    else:
        data = [distance for ranking in rankings for _, distance in ranking]
    return {"name": name, "datatype": _OUTPUTS[name], "shape": [len(rankings), n], "data": data}

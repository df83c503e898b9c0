"""Turn what a YAML file holds into dataclasses, with an error that says where it doesn't fit and what would.

A field `start_timeout` is written `startTimeout`, as everything in Kubernetes is, so that an error names what the
operator wrote.
"""

from __future__ import annotations

import difflib
import types
from collections.abc import Mapping
from dataclasses import MISSING, fields, is_dataclass
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

from hub.errors import HubError

T = TypeVar("T")
KINDS = {str: "a text", int: "a whole number", float: "a number", bool: "true or false"}


def build(kind: type[T], data: object, where: str) -> T:
    """An instance of the dataclass `kind` from `data`, which was found at `where` (told in errors).

    Raises HubError for a name that isn't known, one that is missing, and a value of another type.
    """
    known = {camel(field.name): field for field in fields(kind)}  # type: ignore[arg-type]
    data = mapping(data, where)
    for name in data:
        if name not in known:
            raise HubError(f"{where}: {name!r} means nothing here.{guess(str(name), known)}")
    missing = [name for name, field in known.items() if name not in data and not has_default(field)]
    if missing:
        raise HubError(f"{where}: {', '.join(missing)} must be set, and is not.")
    hints = get_type_hints(kind)
    return kind(**{known[name].name: value(hints[known[name].name], data[name], f"{where}.{name}") for name in data})


def value(kind: Any, data: object, where: str) -> Any:
    """`data` as a `kind`: a dataclass, `X | None`, `tuple[X, ...]`, `Mapping[str, X]`, or one of KINDS."""
    if is_dataclass(kind) and isinstance(kind, type):
        return build(kind, data, where)
    origin, inner = get_origin(kind), get_args(kind)
    if origin in (Union, types.UnionType):
        (real,) = (one for one in inner if one is not types.NoneType)
        return None if data is None else value(real, data, where)
    if origin is tuple:
        return tuple(value(inner[0], one, f"{where}[{index}]") for index, one in enumerate(listing(data, where)))
    if origin is not None and issubclass(origin, Mapping):
        return {name: value(inner[1], one, f"{where}.{name}") for name, one in mapping(data, where).items()}
    return scalar(kind, data, where)


def scalar(kind: type, data: object, where: str) -> Any:
    """A text, a number or a truth value. A whole number is a number as well; a truth value is neither."""
    fits = isinstance(data, (int, float) if kind is float else kind)
    if not fits or (isinstance(data, bool) and kind is not bool):
        raise HubError(f"{where}: it must be {KINDS[kind]}, and is {data!r}.")
    return float(data) if kind is float else data  # type: ignore[arg-type]


def mapping(data: object, where: str) -> dict[str, object]:
    """`data`, if it is names with values."""
    if not isinstance(data, dict):
        raise HubError(f"{where}: it must hold names with values, and is {data!r}.")
    return data


def listing(data: object, where: str) -> list[object]:
    """`data`, if it is a list."""
    if not isinstance(data, list):
        raise HubError(f"{where}: it must be a list, and is {data!r}.")
    return data


def camel(name: str) -> str:
    """`start_timeout` as it is written in YAML: `startTimeout`."""
    first, *others = name.split("_")
    return first + "".join(other.capitalize() for other in others)


def guess(name: str, known: Mapping[str, object]) -> str:
    """What may have been meant, or all that there is."""
    close = difflib.get_close_matches(name, known, n=1)
    return f" Is {close[0]} meant?" if close else f" What there is: {', '.join(known)}."


def has_default(field: Any) -> bool:
    """Whether a dataclass's field may be left out."""
    return field.default is not MISSING or field.default_factory is not MISSING

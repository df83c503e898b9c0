"""The question in a query string: read strictly, so that a typing error is an answer and not a guess."""

from __future__ import annotations

import re
from collections.abc import Collection
from urllib.parse import unquote_to_bytes

from pipelines.serving.names import MAX_LENGTH
from pipelines.serving.problems import Problem, shown

_BROKEN_ESCAPE = re.compile(rb"%(?![0-9A-Fa-f]{2})")


def parse(query: bytes, known: Collection[str]) -> dict[str, str]:
    """The parameters of `query`, each of which must be `known` and come once; raises Problem (400, 422)."""
    parameters: dict[str, str] = {}
    for part in query.split(b"&"):
        if not part:
            continue
        raw_name, _, raw_value = part.partition(b"=")
        name = _decode(raw_name)
        if name not in known:
            raise Problem(
                422,
                f"There is no parameter {shown(name)} here; there are: {', '.join(known)}.",
                parameter=shown(name).strip("“”"),
            )
        if name in parameters:
            raise Problem(400, f"The parameter {name} comes more than once; send it once.", parameter=name)
        parameters[name] = _decode(raw_value)
    return parameters


def name_in(parameters: dict[str, str], noun: str) -> str:
    """The name asked for under `noun`; raises Problem (422) where it is missing, empty or too long."""
    name = parameters.get(noun)
    if name is None:
        raise Problem(422, f"The parameter {noun} is missing: say which {noun}, as in ?{noun}=NAME.", parameter=noun)
    if not name.strip():
        raise Problem(422, f"The parameter {noun} is empty: say which {noun}.", parameter=noun)
    if len(name) > MAX_LENGTH:
        raise Problem(422, f"The {noun}'s name has {len(name)} characters; {MAX_LENGTH} is the most.", parameter=noun)
    return name


def count_in(parameters: dict[str, str], usual: int, most: int) -> int:
    """How many neighbours are asked for under `n`; raises Problem (422) where it is no whole number of 1..`most`."""
    text = parameters.get("n")
    if text is None:
        return usual
    if re.fullmatch(r"[0-9]{1,4}", text) and 1 <= int(text) <= most:
        return int(text)
    raise Problem(422, f"n is {shown(text)}: it must be a whole number from 1 to {most}.", parameter="n")


def _decode(raw: bytes) -> str:
    if _BROKEN_ESCAPE.search(raw):
        raise Problem(400, "The query has a % that is not followed by two hexadecimal digits; write % itself as %25.")
    try:
        return unquote_to_bytes(raw.replace(b"+", b" ")).decode()
    except UnicodeDecodeError:
        raise Problem(400, "The query is not UTF-8 text: encode it as UTF-8, then percent-encode it.") from None

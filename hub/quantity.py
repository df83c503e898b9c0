"""Amounts as Kubernetes writes them."""

from __future__ import annotations

import re

from hub.errors import HubError

UNITS = {"Mi": 1 << 20, "Gi": 1 << 30, "Ti": 1 << 40}


def size_in_bytes(text: str, where: str) -> int:
    """Bytes in `512Mi`, `2Gi` or `1Ti`. Raises HubError that names `where` for anything else."""
    match = re.fullmatch(r"([1-9][0-9]*)(Mi|Gi|Ti)", text)
    if match is None:
        raise HubError(f"{where}: {text!r} must be a whole number of Mi, Gi or Ti, like 512Mi.")
    return int(match[1]) * UNITS[match[2]]

"""Sizes as Kubernetes writes them."""

from __future__ import annotations

import pytest

from hub.errors import HubError
from hub.quantity import size_in_bytes


@pytest.mark.parametrize(
    ("text", "size"), [("1Mi", 1_048_576), ("512Mi", 536_870_912), ("2Gi", 2_147_483_648), ("1Ti", 1_099_511_627_776)]
)
def test_sizes_are_bytes(text, size):
    assert size_in_bytes(text, "memory") == size


@pytest.mark.parametrize("text", ["", "2", "2G", "2GB", "0Gi", "-1Gi", "1.5Gi", "Gi", "2 Gi", "2Gi\n"])
def test_what_is_no_size_is_refused_with_its_place(text):
    with pytest.raises(HubError, match=r"profiles\[0\]\.memory\.limit: .* like 512Mi"):
        size_in_bytes(text, "profiles[0].memory.limit")

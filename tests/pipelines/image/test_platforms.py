from __future__ import annotations

import platform

import pytest

from pipelines.image.errors import ImageError
from pipelines.image.platforms import find


@pytest.mark.parametrize(
    ("machine", "name"), [("x86_64", "linux/amd64"), ("aarch64", "linux/arm64"), ("arm64", "linux/arm64")]
)
def test_without_a_name_it_is_this_machines(monkeypatch: pytest.MonkeyPatch, machine: str, name: str) -> None:
    monkeypatch.setattr(platform, "machine", lambda: machine)
    assert find(None).name == name


def test_an_unknown_platform_is_named_with_the_known_ones() -> None:
    with pytest.raises(ImageError, match=r"'linux/s390x'.*linux/amd64, linux/arm64"):
        find("linux/s390x")

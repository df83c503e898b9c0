from __future__ import annotations

import pytest

from pipelines.serving import query
from pipelines.serving.names import MAX_LENGTH
from pipelines.serving.problems import Problem

KNOWN = ("whisky", "n")


@pytest.mark.parametrize(
    ("raw", "parameters"),
    [
        (b"", {}),
        (b"whisky=Laphroaig&n=3", {"whisky": "Laphroaig", "n": "3"}),
        (b"whisky=Glen+Grant", {"whisky": "Glen Grant"}),
        (b"whisky=Glen%20Grant%2B", {"whisky": "Glen Grant+"}),
        (b"whisky=M%C3%B2rlach", {"whisky": "Mòrlach"}),
        ("whisky=Mòrlach".encode(), {"whisky": "Mòrlach"}),
        (b"whisky=a=b", {"whisky": "a=b"}),
        (b"&whisky=a&", {"whisky": "a"}),
        (b"whisky", {"whisky": ""}),
        (b"%77hisky=a", {"whisky": "a"}),
    ],
)
def test_parse(raw: bytes, parameters: dict[str, str]) -> None:
    assert query.parse(raw, KNOWN) == parameters


@pytest.mark.parametrize(
    ("raw", "status", "said"),
    [
        (b"whisky=%", 400, "%25"),
        (b"whisky=%zz", 400, "%25"),
        (b"whisky=100%", 400, "%25"),
        (b"whisky=%ff", 400, "UTF-8"),
        (b"whisky=\xff", 400, "UTF-8"),
        (b"whisky=%ed%a0%80", 400, "UTF-8"),
        (b"whisky=a&whisky=b", 400, "more than once"),
        (b"n=1&n=1", 400, "more than once"),
        (b"count=3", 422, "whisky, n"),
        (b"N=3", 422, "whisky, n"),
        (b"=3", 422, "whisky, n"),
    ],
)
def test_what_cannot_be_read_is_refused(raw: bytes, status: int, said: str) -> None:
    with pytest.raises(Problem, match=said) as caught:
        query.parse(raw, KNOWN)
    assert caught.value.status == status


@pytest.mark.parametrize("name", [None, "", "  ", "a" * (MAX_LENGTH + 1)])
def test_a_name_is_needed(name: str | None) -> None:
    with pytest.raises(Problem) as caught:
        query.name_in({} if name is None else {"whisky": name}, "whisky")
    assert caught.value.status == 422
    assert caught.value.members == {"parameter": "whisky"}


def test_a_name_may_have_the_full_length() -> None:
    assert query.name_in({"whisky": "a" * MAX_LENGTH}, "whisky") == "a" * MAX_LENGTH


@pytest.mark.parametrize(("text", "n"), [(None, 5), ("1", 1), ("20", 20), ("007", 7)])
def test_count(text: str | None, n: int) -> None:
    assert query.count_in({} if text is None else {"n": text}, 5, 20) == n


@pytest.mark.parametrize("text", ["", "0", "-1", "21", "5.0", "1e1", " 5", "five", "٥", "9" * 5000, "0x5", "NaN"])
def test_a_count_out_of_bounds_says_the_bounds(text: str) -> None:
    with pytest.raises(Problem, match="whole number from 1 to 20") as caught:
        query.count_in({"n": text}, 5, 20)
    assert caught.value.status == 422
    assert caught.value.members == {"parameter": "n"}

"""whisky/names.py."""

import pytest

from whisky import names


@pytest.mark.parametrize(
    ("raw", "proper"),
    [
        ("Laphroig", "Laphroaig"),
        (" GlenGarioch\t", "Glen Garioch"),
        ("ArranIsleOf", "Isle of Arran"),
        ("AnCnoc", "AnCnoc"),
        ("Caol  Ila", "Caol Ila"),
        ("Macallan", "Macallan"),
    ],
)
def test_names_are_as_on_the_bottle(raw, proper):
    assert names.proper_name(raw) == proper

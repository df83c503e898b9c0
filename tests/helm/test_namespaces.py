"""The chart helm/namespaces: four namespaces, each enforcing `restricted`."""

from __future__ import annotations

import json

import pytest
from rendering import CHARTS, Refused, find, objects, template

NAMES = {"hub": "stillhouse", "users": "stillhouse-users", "runs": "stillhouse-runs", "models": "stillhouse-models"}


def rendered(**values):
    return objects(template("namespaces", values, namespace="default", release="namespaces"))


def test_each_part_has_a_namespace_that_enforces_restricted():
    made = rendered()
    assert {one["kind"] for one in made} == {"Namespace"}
    assert {one["metadata"]["name"] for one in made} == set(NAMES.values())
    for one in made:
        assert one["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == "restricted"


@pytest.mark.parametrize("part", NAMES)
def test_each_name_can_be_chosen(part):
    made = rendered(namespaces={part: "other"})
    assert find(made, "Namespace", "other")["metadata"]["labels"]["app.kubernetes.io/component"] == part
    assert len(made) == 4


@pytest.mark.parametrize("keep", [True, False])
def test_namespaces_and_all_in_them_outlive_the_release_unless_told_otherwise(keep):
    kept = [one["metadata"].get("annotations") == {"helm.sh/resource-policy": "keep"} for one in rendered(keep=keep)]
    assert kept == [keep] * 4


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"namespaces": {"users": "stillhouse"}}, "two of them have one name, and each needs its own"),
        ({"namespaces": {"users": "Users"}}, "namespaces.users: Does not match pattern"),
        ({"namespaces": {"users": ""}}, "namespaces.users: "),
        ({"namespaces": {"user": "users"}}, "namespaces: Additional property user is not allowed"),
        ({"keep": "yes"}, "keep: Invalid type. Expected: boolean"),
        ({"labels": {}}, "Additional property labels is not allowed"),
    ],
)
def test_wrong_values_are_refused_with_their_place(values, message):
    with pytest.raises(Refused) as told:
        rendered(**values)
    assert message in str(told.value)


def test_the_names_are_those_that_the_platform_expects():
    platform = (CHARTS / "stillhouse" / "values.yaml").read_text(encoding="utf-8")
    for part in ("users", "runs", "models"):
        assert f"  {part}: {NAMES[part]}\n" in platform
    schema = json.loads((CHARTS / "namespaces" / "values.schema.json").read_text(encoding="utf-8"))
    assert set(schema["properties"]["namespaces"]["required"]) == set(NAMES)

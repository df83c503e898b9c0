"""helm/model: a model that serves, by digest, without a moment in which nobody answers."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from pod_security import breaches
from rendering import CHARTS, Refused, find, objects, put, template

IMAGE = "registry.example/models@sha256:" + "0123456789abcdef" * 4
LEAST: dict[str, Any] = {
    "image": IMAGE,
    "name": "Whisky neighbours",
    "provenance": {
        "release": "3",
        "model": "a" * 64,
        "run": "whisky-0123456789ab",
        "commit": "c" * 40,
        "released": "2026-11-22T15:00:00+00:00",
    },
}
SCHEMA: dict[str, Any] = json.loads((CHARTS / "model" / "values.schema.json").read_text(encoding="utf-8"))


def values(**changes: Any) -> dict[str, Any]:
    made = copy.deepcopy(LEAST)
    for path, value in changes.items():
        put(made, path.split("__"), value)
    return made


def text(**changes: Any) -> str:
    return template("model", values(**changes), namespace="models", release="whisky")


def deployment(**changes: Any) -> dict[str, Any]:
    return find(objects(text(**changes)), "Deployment", "whisky")


def container(**changes: Any) -> dict[str, Any]:
    (one,) = deployment(**changes)["spec"]["template"]["spec"]["containers"]
    return dict(one)


def test_the_image_is_served_by_its_digest():
    assert container()["image"] == IMAGE


def test_the_pods_are_restricted_and_hold_nothing():
    spec = deployment()["spec"]["template"]["spec"]
    assert breaches(spec) == []
    assert container()["securityContext"]["readOnlyRootFilesystem"] is True
    assert spec["automountServiceAccountToken"] is False
    assert "volumes" not in spec


def test_nobody_waits_while_a_release_takes_over():
    spec = deployment()["spec"]
    assert spec["replicas"] == 2
    assert spec["strategy"]["rollingUpdate"] == {"maxSurge": "100%", "maxUnavailable": 0}
    pod = spec["template"]["spec"]
    assert container()["args"] == ["--drain", "5"]
    # What drains and then finishes requests under way (15 s, pipelines/serving/server.py) must not be killed meanwhile.
    assert pod["terminationGracePeriodSeconds"] > 5 + 15
    (budget,) = (one for one in objects(text()) if one["kind"] == "PodDisruptionBudget")
    assert budget["spec"]["maxUnavailable"] == 1


def test_one_replica_has_no_budget_that_would_keep_nodes_from_being_emptied():
    assert not [one for one in objects(text(replicas=1)) if one["kind"] == "PodDisruptionBudget"]


def test_ready_is_who_has_read_the_model():
    """The service listens only with a model whose every byte has its hash; these are its own paths."""
    assert container()["startupProbe"]["httpGet"] == {"path": "/readyz", "port": "http"}
    assert container()["readinessProbe"]["httpGet"] == {"path": "/readyz", "port": "http"}
    assert container()["livenessProbe"]["httpGet"] == {"path": "/healthz", "port": "http"}
    assert container()["startupProbe"]["periodSeconds"] == 1


def test_where_it_is_from_is_told_and_restarts_nothing():
    told = deployment()["metadata"]["annotations"]
    assert told == {
        "stillhouse/name": "Whisky neighbours",
        **{f"stillhouse/{name}": value for name, value in LEAST["provenance"].items()},
    }
    changed = deployment(provenance__release="4", provenance__commit="d" * 40)
    assert changed["spec"] == deployment()["spec"]
    assert changed["metadata"]["annotations"]["stillhouse/release"] == "4"


def test_the_service_leads_to_its_pods_and_no_others():
    rendered = objects(text())
    service, served = find(rendered, "Service", "whisky"), deployment()["spec"]
    assert service["spec"]["selector"] == served["selector"]["matchLabels"] == served["template"]["metadata"]["labels"]
    assert service["spec"]["selector"]["app.kubernetes.io/instance"] == "whisky"
    assert service["spec"]["ports"] == [{"name": "http", "port": 80, "targetPort": "http"}]


CHANGES: dict[str, Any] = {
    "image": IMAGE.replace("0", "1"),
    "imagePullSecrets": ["registry"],
    "name": "Other",
    "provenance.release": "4",
    "provenance.model": "b" * 64,
    "provenance.run": "whisky-1",
    "provenance.commit": "d" * 40,
    "provenance.released": "now",
    "replicas": 3,
    "service.type": "NodePort",
    "service.port": 8080,
    "drain": 9,
    "resources.requests.cpu": "60m",
    "resources.requests.memory": "100Mi",
    "resources.limits.cpu": "2",
    "resources.limits.memory": "1Gi",
}


def leaves(schema: dict[str, Any], path: str = "") -> set[str]:
    if "$ref" in schema:
        schema = SCHEMA["definitions"][schema["$ref"].rpartition("/")[2]]
    if "properties" in schema:
        return {one for name, inner in schema["properties"].items() for one in leaves(inner, f"{path}.{name}")}
    return {path.removeprefix(".")}


def test_every_value_is_tried():
    assert set(CHANGES) == leaves(SCHEMA)


@pytest.mark.parametrize("path", CHANGES)
def test_each_value_changes_what_is_rendered(path):
    assert text(**{path.replace(".", "__"): CHANGES[path]}) != text()


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        ("image", "registry.example/models:latest", "image: Does not match pattern"),
        ("name", "", "name: String length must be greater than or equal to 1"),
        ("provenance__release", 3, "provenance.release: Invalid type. Expected: string"),
        ("provenance__commit", "main", "provenance.commit: Does not match pattern"),
        ("provenance__author", "ada", "provenance: Additional property author is not allowed"),
        ("replicas", 0, "replicas: Must be greater than or equal to 1"),
        ("service__type", "ExternalName", "service.type must be one of the following"),
        ("drain", 0, "drain: Must be greater than or equal to 1"),
        ("resources__limits__gpu", "1", "resources.limits: Additional property gpu is not allowed"),
        ("ingress", {}, "Additional property ingress is not allowed"),
    ],
)
def test_a_wrong_value_is_refused_with_its_place(path, value, message):
    with pytest.raises(Refused) as told:
        text(**{path: value})
    assert message in str(told.value)


@pytest.mark.parametrize("name", ["image", "name", "provenance"])
def test_what_has_no_default_must_be_given(name):
    with pytest.raises(Refused, match=name):
        text(**{name: None})

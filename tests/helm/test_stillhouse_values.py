"""helm/stillhouse's values: each one changes something, and a wrong one is refused with its place and a way out."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
import yaml
from rendering import CHARTS, LEAST, PIPELINES, Refused, find, least, objects, template

CHART = CHARTS / "stillhouse"
SCHEMA: dict[str, Any] = json.loads((CHART / "values.schema.json").read_text(encoding="utf-8"))
DEFAULTS: dict[str, Any] = yaml.safe_load((CHART / "values.yaml").read_text(encoding="utf-8"))
OTHER_IMAGE = "registry.example/other@sha256:" + "f" * 64
# Another value for each one that there is; tests/helm/test_pipelines*.py have those of `pipelines`.
CHANGES: dict[str, Any] = {
    **{f"images.{name}": OTHER_IMAGE for name in LEAST["images"]},
    "imagePullSecrets": ["registry"],
    "namespaces.users": "users",
    "namespaces.runs": "runs",
    "namespaces.models": "models",
    "hub.password": "trial password",
    "hub.passwordSecret": "passwords",
    "hub.keysSecret": "own-keys",
    "hub.admins": ["ada"],
    "hub.extraConfig": "extra",
    "hub.db.size": "2Gi",
    "hub.db.storageClass": "fast",
    "hub.resources.requests.cpu": "150m",
    "hub.resources.requests.memory": "200Mi",
    "hub.resources.limits.cpu": "3",
    "hub.resources.limits.memory": "2Gi",
    "proxy.service.type": "LoadBalancer",
    "proxy.service.port": 8080,
    "proxy.service.annotations": {"example.com/class": "internal"},
    "proxy.resources.requests.cpu": "60m",
    "proxy.resources.requests.memory": "65Mi",
    "proxy.resources.limits.cpu": "3",
    "proxy.resources.limits.memory": "2Gi",
    "profiles.0.name": "small",
    "profiles.0.title": "Small",
    "profiles.0.description": "For a start.",
    "profiles.0.cpu.guarantee": 0.5,
    "profiles.0.cpu.limit": 3,
    "profiles.0.memory.guarantee": "600Mi",
    "profiles.0.memory.limit": "3Gi",
    "profiles.1.gpu.resource": "example.com/gpu",
    "profiles.1.gpu.count": 2,
    "profiles.0.nodeSelector": {"pool": "other"},
    "profiles.1.tolerations.0.key": "example.com/gpu",
    "profiles.1.tolerations.0.operator": "Equal",
    "profiles.1.tolerations.0.value": "yes",
    "profiles.1.tolerations.0.effect": "NoExecute",
    "profiles.1.image": OTHER_IMAGE,
    "servers.startTimeout": 60,
    "servers.environment": {"GIT_URL": "http://git.example"},
    "homes.size": "10Gi",
    "homes.storageClass": "fast",
}
# Values that say something only beside others, and have a test of their own below.
ELSEWHERE = {"hub.trial", "proxy.service.nodePort"}


def with_everything() -> dict[str, Any]:
    """The least values for all that the chart can do."""
    return least(profiles=copy.deepcopy(DEFAULTS["profiles"]), pipelines=copy.deepcopy(PIPELINES))


def changed(path: str, value: Any) -> dict[str, Any]:
    """Values with one changed; profiles are a list, and are given whole."""
    values = with_everything()
    place: Any = values
    *above, last = path.split(".")
    for name in above:
        place = place[int(name)] if isinstance(place, list) else place.setdefault(name, {})
    place[last] = value
    return values


def leaves(schema: dict[str, Any], path: str = "") -> set[str]:
    """Each value that can be set, as profiles.name; a list of objects and its objects are one."""
    schema = resolved(schema)
    if "properties" in schema:
        return {one for name, inner in schema["properties"].items() for one in leaves(inner, f"{path}.{name}")}
    if "properties" in resolved(schema.get("items", {})):
        return leaves(schema["items"], path)
    return {path.removeprefix(".")}


def resolved(schema: dict[str, Any]) -> dict[str, Any]:
    """What a $ref stands for."""
    return SCHEMA["definitions"][schema["$ref"].rpartition("/")[2]] if "$ref" in schema else schema


def test_every_value_is_tried():
    tried = {".".join(name for name in path.split(".") if not name.isdigit()) for path in CHANGES}
    there = {path for path in leaves(SCHEMA) if not path.startswith("pipelines.")}
    assert tried | ELSEWHERE == there


@pytest.mark.parametrize("path", CHANGES)
def test_each_value_changes_what_is_rendered(path):
    before = template("stillhouse", with_everything())
    after = template("stillhouse", changed(path, CHANGES[path]))
    assert after != before


def test_every_object_in_the_schema_is_closed():
    def open_ones(schema: Any, path: str) -> list[str]:
        if isinstance(schema, list):
            return [one for index, inner in enumerate(schema) for one in open_ones(inner, f"{path}[{index}]")]
        if not isinstance(schema, dict):
            return []
        found = [one for name, inner in schema.items() for one in open_ones(inner, f"{path}.{name}")]
        # Free names with checked values (labels, variables) have a schema there instead.
        closed = schema.get("additionalProperties", True) is not True
        return found if schema.get("type") != "object" or closed else [*found, path]

    assert open_ones(SCHEMA, "") == []


def test_every_default_is_one_that_the_schema_knows():
    def paths(values: Any, path: str = "") -> set[str]:
        if isinstance(values, dict) and values:
            return {one for name, inner in values.items() for one in paths(inner, f"{path}.{name}")}
        return {path.removeprefix(".")}

    free = {"images"}  # none has a default
    for path in paths({name: one for name, one in DEFAULTS.items() if name not in {"profiles", "pipelines"} | free}):
        assert path in leaves(SCHEMA), path


# --- Wrong values -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        ("hub.trial", False, "hub.trial is false, and one password for everybody is the only way to log in so far."),
        ("hub.trial", "yes", "hub.trial: Invalid type. Expected: boolean"),
        ("hub.password", "1234567", "hub.password: Does not match pattern"),
        ("hub.passwordSecret", "No Name", "hub.passwordSecret: Does not match pattern"),
        ("hub.keysSecret", "No Name", "hub.keysSecret: Does not match pattern"),
        ("hub.extraConfig", "No Name", "hub.extraConfig: Does not match pattern"),
        ("hub.admins", ["Ada Lovelace"], "hub.admins.0: Does not match pattern"),
        ("hub.admins", ["ada", "ada"], "hub.admins: array items[0,1] must be unique"),
        ("hub.admin", ["ada"], "hub: Additional property admin is not allowed"),
        ("hub.db.size", "1G", "hub.db.size: Does not match pattern"),
        ("hub.db.url", "x", "hub.db: Additional property url is not allowed"),
        ("hub.resources.limits.cpu", "lots", "hub.resources.limits.cpu: Does not match pattern"),
        ("hub.resources.limits.memory", "512", "hub.resources.limits.memory: Does not match pattern"),
        ("hub.resources.limits.gpu", "1", "hub.resources.limits: Additional property gpu is not allowed"),
        ("images.hub", "registry.example/hub:latest", "images.hub: Does not match pattern"),
        ("images.hub", "registry.example/hub@sha256:abc", "images.hub: Does not match pattern"),
        ("images.notebook", OTHER_IMAGE, "images: Additional property notebook is not allowed"),
        ("imagePullSecrets", "registry", "imagePullSecrets: Invalid type. Expected: array"),
        ("imagePullSecrets", [{"name": "registry"}], "imagePullSecrets.0: Invalid type. Expected: string"),
        ("namespaces.users", "stillhouse", "two of them are the same. Each needs its own, as their rights differ"),
        ("namespaces.runs", "stillhouse-users", "two of them are the same"),
        ("namespaces.users", "Users", "namespaces.users: Does not match pattern"),
        ("namespaces.hub", "hub", "namespaces: Additional property hub is not allowed"),
        ("proxy.service.type", "ExternalName", "proxy.service.type must be one of the following"),
        ("proxy.service.port", 0, "proxy.service.port: Must be greater than or equal to 1"),
        ("proxy.service.port", 70000, "proxy.service.port: Must be less than or equal to 65535"),
        ("proxy.service.nodePort", 30080, "proxy.service.nodePort is 30080, but proxy.service.type is ClusterIP."),
        ("proxy.service.annotations", {"a": 1}, "proxy.service.annotations.a: Invalid type. Expected: string"),
        ("proxy.replicas", 2, "proxy: Additional property replicas is not allowed"),
        ("profiles", [], "profiles: Array must have at least 1 items"),
        ("profiles.1.name", "cpu", 'profiles[1].name: "cpu" is already the name of another profile.'),
        ("profiles.0.name", "CPU 1", "profiles.0.name: Does not match pattern"),
        ("profiles.0.cpu.guarantee", 8, "profiles[0] (cpu): cpu.guarantee is more than cpu.limit"),
        ("profiles.0.memory.guarantee", "8Gi", "profiles[0] (cpu): memory.guarantee is more than memory.limit"),
        ("profiles.0.memory.guarantee", "3000Mi", "profiles[0] (cpu): memory.guarantee is more than memory.limit"),
        ("profiles.0.cpu.limit", 0, "profiles.0.cpu.limit: Must be greater than 0"),
        ("profiles.0.cpu.limit", "2", "profiles.0.cpu.limit: Invalid type. Expected: number"),
        ("profiles.0.memory.limit", "2G", "profiles.0.memory.limit: Does not match pattern"),
        ("profiles.1.gpu.count", 0, "profiles.1.gpu.count: Must be greater than or equal to 1"),
        ("profiles.1.gpu.count", 0.5, "profiles.1.gpu.count: Invalid type. Expected: integer"),
        ("profiles.1.gpu.resource", "gpu", "profiles.1.gpu.resource: Does not match pattern"),
        ("profiles.1.tolerations.0.effect", "NoRun", "profiles.1.tolerations.0.effect must be one of the following"),
        ("profiles.0.image", "singleuser:latest", "profiles.0.image: Does not match pattern"),
        ("profiles.0.nodeSelector.pool", 1, "profiles.0.nodeSelector.pool: Invalid type. Expected: string"),
        ("profiles.0.memroy", "2Gi", "profiles.0: Additional property memroy is not allowed"),
        ("servers.startTimeout", 1, "servers.startTimeout: Must be greater than or equal to 10"),
        ("servers.environment", {"GIT-URL": "x"}, "servers.environment"),
        ("homes.size", "5GB", "homes.size: Does not match pattern"),
        ("homes.storageClass", "Fast Disk", "homes.storageClass: Does not match pattern"),
        ("cull", {}, "Additional property cull is not allowed"),
    ],
)
def test_a_wrong_value_is_refused_with_its_place(path, value, message):
    with pytest.raises(Refused) as told:
        template("stillhouse", changed(path, value))
    assert message in str(told.value)


@pytest.mark.parametrize("image", LEAST["images"])
def test_every_image_must_be_given(image):
    with pytest.raises(Refused, match=f"images: {image} is required"):
        template("stillhouse", least(**{f"images__{image}": None}))


def test_two_passwords_are_refused():
    with pytest.raises(Refused, match=r"hub\.password and hub\.passwordSecret are both set\. Keep one"):
        template("stillhouse", least(hub__password="trial password", hub__passwordSecret="passwords"))


def test_a_node_port_can_be_chosen_for_a_service_of_that_type():
    values = least(proxy={"service": {"type": "NodePort", "nodePort": 30080}})
    service = find(objects(template("stillhouse", values)), "Service", "stillhouse-proxy")
    assert service["spec"]["ports"] == [{"name": "http", "port": 80, "targetPort": "http", "nodePort": 30080}]

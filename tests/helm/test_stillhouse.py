"""What helm/stillhouse makes: the hub, its proxy, their keys and their rights."""

from __future__ import annotations

import re
from collections import Counter

import pytest
import yaml
from pod_security import breaches
from rendering import CHARTS, PIPELINES, find, least, objects, pods, template

from hub.keys import MAKERS
from hub.profiles import update_profiles
from hub.settings import Settings
from hub.typed import build

OWN_COMPONENTS = {"hub", "proxy", "keys"}


def rendered(**changes):
    return objects(template("stillhouse", least(**changes)))


@pytest.fixture(scope="module")
def made():
    return rendered(pipelines=PIPELINES)


# --- Every object -------------------------------------------------------------------------------------------------


def test_every_pod_passes_restricted(made):
    specs = dict(pods(made))
    assert {"Deployment/stillhouse-hub", "Deployment/stillhouse-proxy", "Job/stillhouse-keys"} <= set(specs)
    assert {name: found for name, spec in specs.items() if (found := breaches(spec))} == {}


def test_every_container_is_bounded_and_cannot_write_to_its_image(made):
    for name, spec in pods(made):
        for container in spec["containers"]:
            assert container["securityContext"]["readOnlyRootFilesystem"] is True, name
            assert set(container["resources"]) == {"requests", "limits"}, name


def test_every_image_is_by_digest(made):
    images = [container["image"] for _, spec in pods(made) for container in spec["containers"]]
    assert images
    assert all(re.search("@sha256:[0-9a-f]{64}$", image) for image in images)


def test_only_pods_that_talk_to_kubernetes_have_a_token(made):
    own = {name: spec for name, spec in pods(made) if name.rpartition("-")[2] in OWN_COMPONENTS}
    with_token = {name for name, spec in own.items() if spec["automountServiceAccountToken"]}
    assert with_token == {"Deployment/stillhouse-hub", "Job/stillhouse-keys"}


def test_every_object_says_what_it_belongs_to(made):
    for one in made:
        if one["kind"] == "CustomResourceDefinition":
            continue
        labels = one["metadata"]["labels"]
        assert labels["app.kubernetes.io/name"] == "stillhouse"
        assert labels["app.kubernetes.io/instance"] == "stillhouse"
        assert labels["app.kubernetes.io/component"]


def test_every_service_finds_the_pods_it_is_for(made):
    templates = [one["spec"]["template"] for one in made if one["kind"] == "Deployment"]
    for service in (one for one in made if one["kind"] == "Service"):
        selected = [
            one for one in templates if service["spec"]["selector"].items() <= one["metadata"]["labels"].items()
        ]
        assert len(selected) == 1, service["metadata"]["name"]
        ports = {port["name"] for port in selected[0]["spec"]["containers"][0]["ports"]}
        assert {port["targetPort"] for port in service["spec"]["ports"]} <= ports


def test_no_two_objects_have_one_name(made):
    names = Counter((one["kind"], one["metadata"].get("namespace"), one["metadata"]["name"]) for one in made)
    assert [name for name, count in names.items() if count > 1] == []


def test_every_pod_pulls_with_the_given_secrets():
    for name, spec in pods(rendered(imagePullSecrets=["one", "two"], pipelines=PIPELINES)):
        assert spec["imagePullSecrets"] == [{"name": "one"}, {"name": "two"}], name


# --- Stable -------------------------------------------------------------------------------------------------------


def test_rendering_again_gives_the_same_bytes():
    values = least(pipelines=PIPELINES)
    assert template("stillhouse", values) == template("stillhouse", values)


def test_no_template_asks_the_cluster_or_chance():
    """`lookup` is empty under `helm template`, chance differs each time: neither suits a cluster kept by git."""
    used = re.compile(r"\b(lookup|rand\w*|uuidv4|now|gen(CA|SelfSignedCert|SignedCert|PrivateKey))\b")
    for path in (CHARTS / "stillhouse" / "templates").rglob("*"):
        if path.suffix in {".yaml", ".tpl"} and "crds" not in path.parts:
            actions = re.findall(r"\{\{.*?\}\}", path.read_text(encoding="utf-8"), re.DOTALL)
            code = [re.sub(r'"[^"]*"|/\*.*?\*/', "", action, flags=re.DOTALL) for action in actions]
            assert not [action for action in code if used.search(action)], path


def test_a_new_chart_version_alone_restarts_nothing(made):
    for name in ("hub", "proxy"):
        template_of = find(made, "Deployment", f"stillhouse-{name}")["spec"]["template"]
        assert not [label for label in template_of["metadata"]["labels"] if "chart" in label or "version" in label]


def test_a_changed_setting_is_a_new_hub_but_not_a_new_proxy(made):
    other = rendered(homes={"size": "7Gi"}, pipelines=PIPELINES)
    for name, same in (("hub", False), ("proxy", True)):
        before, after = (find(one, "Deployment", f"stillhouse-{name}") for one in (made, other))
        assert (before == after) is same


# --- Rights -------------------------------------------------------------------------------------------------------


def test_the_hub_may_make_servers_and_homes_where_users_are_and_nothing_else(made):
    roles = [one for one in made if one["kind"] in {"Role", "ClusterRole"} and one["metadata"]["name"].endswith("-hub")]
    (role,) = roles
    assert role["kind"] == "Role"
    assert role["metadata"]["namespace"] == "stillhouse-users"
    allowed = {(resource, verb) for rule in role["rules"] for resource in rule["resources"] for verb in rule["verbs"]}
    assert allowed == {
        *(("pods", verb) for verb in ("get", "list", "watch", "create", "delete")),
        *(("persistentvolumeclaims", verb) for verb in ("get", "create")),
        *(("events", verb) for verb in ("list", "watch")),
    }
    binding = find(made, "RoleBinding", "stillhouse-hub")
    assert binding["metadata"]["namespace"] == "stillhouse-users"
    account = {"kind": "ServiceAccount", "name": "stillhouse-hub", "namespace": "stillhouse"}
    assert binding["subjects"] == [account]


def test_the_job_may_read_one_secret_and_no_other(made):
    rules = find(made, "Role", "stillhouse-keys")["rules"]
    assert rules == [
        {"apiGroups": [""], "resources": ["secrets"], "verbs": ["create"]},
        {"apiGroups": [""], "resources": ["secrets"], "resourceNames": ["stillhouse-keys"], "verbs": ["get", "patch"]},
    ]


# --- Keys ---------------------------------------------------------------------------------------------------------

GENERATED = {"proxy-token", "cookie-secret", "password"}


@pytest.mark.parametrize(
    ("changes", "generated"),
    [
        ({}, GENERATED),
        ({"hub__admins": ["ada"]}, GENERATED | {"admin-password"}),
        ({"hub__password": "trial password"}, {"proxy-token", "cookie-secret"}),
        ({"hub__password": "trial password", "hub__admins": ["ada"]}, GENERATED - {"password"} | {"admin-password"}),
        ({"hub__passwordSecret": "own"}, {"proxy-token", "cookie-secret"}),
        ({"hub__passwordSecret": "own", "hub__admins": ["ada"]}, {"proxy-token", "cookie-secret"}),
        ({"hub__keysSecret": "own"}, {"password"}),
        ({"hub__keysSecret": "own", "hub__passwordSecret": "own"}, set()),
    ],
)
def test_what_nobody_gave_is_generated(changes, generated):
    jobs = [one for one in rendered(**changes) if one["kind"] == "Job" and one["metadata"]["name"] == "stillhouse-keys"]
    if not generated:
        assert jobs == []
        return
    command = jobs[0]["spec"]["template"]["spec"]["containers"][0]["args"]
    assert command[:4] == ["python", "-m", "hub.keys", "stillhouse-keys"]
    assert set(command[4:]) == generated
    assert generated <= set(MAKERS)


@pytest.mark.parametrize(
    ("changes", "sources"),
    [
        ({}, {"proxy-token": "stillhouse-keys", "cookie-secret": "stillhouse-keys", "password": "stillhouse-keys"}),
        ({"hub__password": "trial password"}, {"password": "stillhouse-password"}),
        ({"hub__passwordSecret": "own"}, {"password": "own", "proxy-token": "stillhouse-keys"}),
        ({"hub__keysSecret": "own"}, {"password": "stillhouse-keys", "proxy-token": "own", "cookie-secret": "own"}),
        ({"hub__admins": ["ada"]}, {"admin-password": "stillhouse-keys"}),
        ({"hub__admins": ["ada"], "hub__passwordSecret": "own"}, {"admin-password": "own"}),
        ({"hub__admins": ["ada"], "hub__password": "trial password"}, {"admin-password": "stillhouse-keys"}),
    ],
)
def test_the_hub_reads_each_key_where_it_is(changes, sources):
    spec = find(rendered(**changes), "Deployment", "stillhouse-hub")["spec"]["template"]["spec"]
    (volume,) = (one for one in spec["volumes"] if one["name"] == "keys")
    found = {
        item["path"]: source["secret"]["name"]
        for source in volume["projected"]["sources"]
        for item in source["secret"]["items"]
    }
    assert sources.items() <= found.items()
    assert ("admin-password" in found) is ("hub__admins" in changes)


def test_the_proxy_has_the_hubs_token():
    for changes, secret in (({}, "stillhouse-keys"), ({"hub__keysSecret": "own"}, "own")):
        spec = find(rendered(**changes), "Deployment", "stillhouse-proxy")["spec"]["template"]["spec"]
        (variable,) = spec["containers"][0]["env"]
        assert variable["valueFrom"]["secretKeyRef"] == {"name": secret, "key": "proxy-token"}


def test_the_job_runs_before_all_else_and_helm_never_owns_its_secret(made):
    assert find(made, "Job", "stillhouse-keys")["metadata"]["annotations"]["helm.sh/hook"] == "pre-install,pre-upgrade"
    assert not [one for one in rendered() if one["kind"] == "Secret"]


def test_a_password_is_in_a_secret_and_nowhere_else():
    objects_with = [one for one in rendered(hub__password="very secret") if "very secret" in yaml.safe_dump(one)]
    assert [(one["kind"], one["metadata"]["name"]) for one in objects_with] == [("Secret", "stillhouse-password")]


# --- Settings -----------------------------------------------------------------------------------------------------


def settings_of(made, release="stillhouse"):
    text = find(made, "ConfigMap", f"{release}-hub")["data"]["settings.yaml"]
    return build(Settings, yaml.safe_load(text), "settings")


def test_the_hub_understands_the_settings_that_the_chart_writes(made, c):
    settings = settings_of(made)
    assert settings.network.hub_url == "http://stillhouse-hub.stillhouse:8081"
    assert settings.servers.namespace == "stillhouse-users"
    update_profiles(c, settings)
    assert [profile["slug"] for profile in c.KubeSpawner.profile_list] == ["cpu", "gpu"]


def test_the_default_profiles_are_a_cpu_and_a_gpu_on_their_pools(made):
    cpu, gpu = settings_of(made).profiles
    assert (cpu.node_selector, cpu.gpu) == ({"pool": "cpu"}, None)
    assert (gpu.node_selector, gpu.gpu.resource, gpu.gpu.count) == ({"pool": "gpu"}, "nvidia.com/gpu", 1)
    assert gpu.tolerations[0].key == gpu.gpu.resource


def test_every_optional_setting_is_understood_too():
    profile = {
        "name": "all",
        "title": 'All: of "it" # here',
        "cpu": {"guarantee": 1, "limit": 1.5},
        "memory": {"guarantee": "1Gi", "limit": "1Gi"},
        "tolerations": [{"operator": "Equal", "key": "a", "value": "b"}],
        "image": least()["images"]["hub"],
    }
    settings = settings_of(
        rendered(
            profiles=[profile],
            homes={"size": "1Gi", "storageClass": "fast"},
            servers={"environment": {"A": "x: y # z"}},
            imagePullSecrets=["registry"],
            hub__admins=["ada"],
        )
    )
    assert settings.profiles[0].title == 'All: of "it" # here'
    assert settings.servers.environment == {"A": "x: y # z"}
    assert settings.servers.image_pull_secrets == ("registry",)
    assert settings.auth.admins == ("ada",)
    assert settings.homes.storage_class == "fast"


def test_the_release_and_its_namespace_give_the_names():
    made = objects(template("stillhouse", least(), namespace="elsewhere", release="trial"))
    assert settings_of(made, "trial").network.hub_url == "http://trial-hub.elsewhere:8081"
    args = find(made, "Deployment", "trial-proxy")["spec"]["template"]["spec"]["containers"][0]["args"]
    assert "--default-target=http://trial-hub.elsewhere:8081" in args


def test_more_configuration_can_be_mounted():
    spec = find(rendered(hub__extraConfig="more"), "Deployment", "stillhouse-hub")["spec"]["template"]["spec"]
    variables = {one["name"]: one["value"] for one in spec["containers"][0]["env"]}
    mount = {"name": "extra", "mountPath": variables["STILLHOUSE_HUB_CONF_D"], "readOnly": True}
    assert mount in spec["containers"][0]["volumeMounts"]
    assert {"name": "extra", "configMap": {"name": "more"}} in spec["volumes"]


# --- Living on ----------------------------------------------------------------------------------------------------


def test_two_hubs_never_write_one_database_and_it_outlives_the_release(made):
    assert find(made, "Deployment", "stillhouse-hub")["spec"]["strategy"] == {"type": "Recreate"}
    volume = find(made, "PersistentVolumeClaim", "stillhouse-hub")
    assert volume["metadata"]["annotations"] == {"helm.sh/resource-policy": "keep"}


def test_hub_and_proxy_find_each_other_as_soon_as_they_listen(made):
    """Not seconds later, when probe, endpoints and nodes have all caught up: it is part of every start and restart."""
    for name in ("hub", "proxy-api"):
        assert find(made, "Service", f"stillhouse-{name}")["spec"]["publishNotReadyAddresses"] is True


def test_probes_are_tight(made):
    """A pod that is ready is used within a second."""
    for name in ("hub", "proxy"):
        (container,) = find(made, "Deployment", f"stillhouse-{name}")["spec"]["template"]["spec"]["containers"]
        assert container["readinessProbe"]["periodSeconds"] == 1
        assert container["livenessProbe"]["httpGet"]["port"] == "http"

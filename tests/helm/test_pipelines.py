"""What helm/stillhouse makes of `pipelines`: the controller, the watcher, the accounts of the runs and their rights."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
import yaml
from pod_security import breaches
from rendering import CHARTS, IMAGES, PIPELINES, Refused, find, least, objects, pods, put, template

from pipelines.cluster.settings import CONFIG_MAP, EXECUTOR_ACCOUNT, KEY, RELEASE_ACCOUNT, STEP_ACCOUNT, parse

SCHEMA: dict[str, Any] = json.loads((CHARTS / "stillhouse" / "values.schema.json").read_text(encoding="utf-8"))
CONTROLLER, WATCHER = "stillhouse-workflow-controller", "stillhouse-watcher"
TRIAL = {
    "repository__username": "ada",
    "repository__password": "hidden git",
    "s3__credentialsSecret": "",
    "s3__accessKey": "key",
    "s3__secretKey": "hidden s3",
}


def values(**changes: Any) -> dict[str, Any]:
    """The least with pipelines, with changes at paths in them like `s3__bucket`."""
    made = copy.deepcopy(PIPELINES)
    for path, value in changes.items():
        put(made, path.split("__"), value)
    return least(pipelines=made)


def rendered(**changes: Any) -> list[dict[str, Any]]:
    return objects(template("stillhouse", values(**changes)))


def made_for_pipelines(all_of_them: list[dict[str, Any]]) -> set[tuple[str, str]]:
    without = {(one["kind"], one["metadata"]["name"]) for one in objects(template("stillhouse", least()))}
    return {(one["kind"], one["metadata"]["name"]) for one in all_of_them} - without


def settings_of(all_of_them: list[dict[str, Any]]):
    return parse(find(all_of_them, "ConfigMap", CONFIG_MAP)["data"][KEY], "the chart")


def argo_config(all_of_them: list[dict[str, Any]]) -> dict[str, Any]:
    return yaml.safe_load(find(all_of_them, "ConfigMap", CONTROLLER)["data"]["config"])


def test_without_a_repository_there_are_no_pipelines():
    kinds = {(one["kind"], one["metadata"]["name"]) for one in objects(template("stillhouse", least()))}
    assert not {name for _, name in kinds if "watcher" in name or "workflow" in name or name.startswith("stillhouse-s")}


def test_with_one_there_are_the_controller_the_watcher_and_the_accounts():
    made = made_for_pipelines(rendered())
    for account in (STEP_ACCOUNT, EXECUTOR_ACCOUNT, RELEASE_ACCOUNT, CONTROLLER, WATCHER):
        assert ("ServiceAccount", account) in made
    assert {name for kind, name in made if kind == "Deployment"} == {CONTROLLER, WATCHER}


def test_the_settings_are_those_that_the_image_reads():
    found = settings_of(rendered(analyses=["whisky", "flowers"], poll=5, registry__insecure=True))
    assert (found.runs, found.models) == ("stillhouse-runs", "stillhouse-models")
    assert found.pipeline == least()["images"]["pipeline"]
    assert found.serving == least()["images"]["serving"]
    assert (found.repository, found.branch) == ("http://git.example/whisky.git", "main")
    assert (found.analyses, found.poll) == (("whisky", "flowers"), 5)
    assert (found.registry, found.insecure) == ("registry.example/models", True)
    assert set(found.resources) == {"step", "release", "record"}
    assert (found.git_secret, found.may_push, found.registry_secret) == ("", False, "")


# --- Accounts -----------------------------------------------------------------------------------------------------


def test_accounts_come_from_values_or_from_secrets():
    trial = rendered(**TRIAL)
    git = [one for one in trial if one["kind"] == "Secret" and one["metadata"]["name"] == "stillhouse-git"]
    assert {one["metadata"].get("namespace") for one in git} == {"stillhouse", "stillhouse-runs"}
    assert all(one["stringData"] == {"username": "ada", "password": "hidden git"} for one in git)
    assert find(trial, "Secret", "stillhouse-s3")["stringData"] == {"accessKey": "key", "secretKey": "hidden s3"}
    assert (settings_of(trial).git_secret, settings_of(trial).may_push) == ("stillhouse-git", True)
    given = rendered(repository__credentialsSecret="git-account", registry__credentialsSecret="registry-account")
    assert ("Secret", "stillhouse-git") not in made_for_pipelines(given)
    assert ("Secret", "stillhouse-s3") not in made_for_pipelines(given)
    found = settings_of(given)
    assert (found.git_secret, found.may_push, found.registry_secret) == ("git-account", True, "registry-account")
    assert argo_config(given)["artifactRepository"]["s3"]["secretKeySecret"] == {"name": "s3", "key": "secretKey"}


def test_what_is_hidden_is_only_in_secrets():
    for one in rendered(**TRIAL):
        assert one["kind"] == "Secret" or "hidden" not in json.dumps(one), one["metadata"]["name"]


def test_the_watcher_gets_the_repositorys_account_from_its_secret():
    environment = watcher_environment(rendered(repository__credentialsSecret="git-account"))
    for key in ("username", "password"):
        assert environment[f"STILLHOUSE_GIT_{key.upper()}"] == {"secretKeyRef": {"name": "git-account", "key": key}}
    assert not [name for name in watcher_environment(rendered()) if "GIT" in name]


def watcher_environment(all_of_them: list[dict[str, Any]]) -> dict[str, Any]:
    container = find(all_of_them, "Deployment", WATCHER)["spec"]["template"]["spec"]["containers"][0]
    return {one["name"]: one.get("valueFrom", one.get("value")) for one in container["env"]}


# --- Rights -------------------------------------------------------------------------------------------------------


def rights() -> dict[str, set[tuple[str, str, str]]]:
    """What each account may do: (namespace, verb, resource)."""
    found: dict[str, set[tuple[str, str, str]]] = {}
    all_of_them = rendered(**TRIAL)
    for binding in (one for one in all_of_them if one["kind"] == "RoleBinding"):
        namespace = binding["metadata"].get("namespace", "stillhouse")
        (role,) = (
            one
            for one in all_of_them
            if one["kind"] == "Role"
            and one["metadata"]["name"] == binding["roleRef"]["name"]
            and one["metadata"].get("namespace", "stillhouse") == namespace
        )
        for subject in binding["subjects"]:
            found.setdefault(subject["name"], set()).update(
                (namespace, verb, resource)
                for rule in role["rules"]
                for verb in rule["verbs"]
                for resource in rule["resources"]
            )
    return found


def test_steps_may_nothing():
    assert STEP_ACCOUNT not in rights()


def test_argos_own_containers_may_tell_the_controller():
    assert rights()[EXECUTOR_ACCOUNT] == {
        ("stillhouse-runs", "create", "workflowtaskresults"),
        ("stillhouse-runs", "patch", "workflowtaskresults"),
    }


def test_only_a_release_may_change_what_serves():
    changing = {"create", "update", "patch", "delete"}
    holders = {
        account
        for account, rights_of_it in rights().items()
        if any(namespace == "stillhouse-models" and verb in changing for namespace, verb, _ in rights_of_it)
    }
    assert holders == {RELEASE_ACCOUNT}
    assert {namespace for namespace, _, _ in rights()[RELEASE_ACCOUNT]} == {"stillhouse-models"}
    assert not {resource for _, verb, resource in rights()[RELEASE_ACCOUNT] if resource == "pods" and verb in changing}


def test_the_watcher_may_only_have_commits_run():
    assert rights()[WATCHER] == {("stillhouse-runs", verb, "workflows") for verb in ("get", "list", "create")}


def test_the_controller_reads_no_secret():
    assert not [one for one in rights()[CONTROLLER] if one[2] == "secrets"]
    assert {namespace for namespace, verb, _ in rights()[CONTROLLER] if verb == "create"} == {"stillhouse-runs"}


def test_there_are_no_rights_on_the_whole_cluster():
    assert not [one["kind"] for one in rendered() if one["kind"].startswith("Cluster")]


# --- Pods ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [CONTROLLER, WATCHER])
def test_pods_are_restricted_and_read_only(name):
    spec = dict(pods(rendered(**TRIAL)))[f"Deployment/{name}"]
    assert breaches(spec) == []
    (container,) = spec["containers"]
    assert container["securityContext"]["readOnlyRootFilesystem"] is True
    assert container["resources"]["requests"]
    assert container["resources"]["limits"]


def test_argos_own_containers_in_a_run_are_restricted():
    security = argo_config(rendered())["executor"]["securityContext"]
    pod = {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}}  # the Workflow's: test_workflow.py
    assert breaches({"securityContext": pod, "containers": [{"name": "wait", "securityContext": security}]}) == []


@pytest.mark.parametrize("name", [CONTROLLER, WATCHER])
def test_a_changed_setting_restarts_who_reads_it(name):
    def annotations(**changes: Any) -> Any:
        return find(rendered(**changes), "Deployment", name)["spec"]["template"]["metadata"]["annotations"]

    change = {"s3__bucket": "other"} if name == CONTROLLER else {"repository__branch": "other"}
    assert annotations(**change) != annotations()


def test_there_is_one_of_each():
    for name in (CONTROLLER, WATCHER):
        spec = find(rendered(), "Deployment", name)["spec"]
        assert (spec["replicas"], spec["strategy"]) == (1, {"type": "Recreate"})


# --- Argo's kinds -------------------------------------------------------------------------------------------------


def kinds() -> list[dict[str, Any]]:
    return objects((CHARTS / "stillhouse" / "crds" / "argo-workflows.yaml").read_text(encoding="utf-8"))


def test_argos_kinds_keep_every_field():
    assert {one["spec"]["names"]["kind"] for one in kinds()} == {
        "Workflow",
        "WorkflowTemplate",
        "CronWorkflow",
        "WorkflowTaskSet",
        "WorkflowTaskResult",
        "WorkflowArtifactGCTask",
    }
    for one in kinds():
        (version,) = one["spec"]["versions"]
        schema = version["schema"]["openAPIV3Schema"]
        assert schema == {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
        assert one["metadata"]["name"] == f"{one['spec']['names']['plural']}.argoproj.io"


# --- Values -------------------------------------------------------------------------------------------------------

CHANGES: dict[str, Any] = {
    "repository.url": "https://git.example/other.git",
    "repository.branch": "release",
    "repository.username": "grace",
    "repository.password": "another",
    "repository.credentialsSecret": "git-account",
    "analyses": ["whisky", "flowers"],
    "poll": 10,
    "s3.endpoint": "https://s3.example",
    "s3.bucket": "other",
    "s3.region": "eu-north-1",
    "s3.accessKey": "other",
    "s3.secretKey": "other",
    "s3.credentialsSecret": "other",
    "registry.repository": "registry.example/other",
    "registry.insecure": True,
    "registry.credentialsSecret": "registry-account",
    "keep": 5,
    **{
        f"resources.{part}.{kind}.{what}": value
        for part in ("controller", "watcher", "executor", "step", "release", "record")
        for kind, what, value in (
            ("requests", "cpu", "111m"),
            ("requests", "memory", "111Mi"),
            ("limits", "cpu", "7"),
            ("limits", "memory", "7Gi"),
        )
    },
}


def leaves(schema: dict[str, Any], path: str = "") -> set[str]:
    if "$ref" in schema:
        schema = SCHEMA["definitions"][schema["$ref"].rpartition("/")[2]]
    if "properties" in schema:
        return {one for name, inner in schema["properties"].items() for one in leaves(inner, f"{path}.{name}")}
    return {path.removeprefix(".")}


def test_every_value_is_tried():
    assert set(CHANGES) == leaves(SCHEMA["properties"]["pipelines"])


@pytest.mark.parametrize("path", CHANGES)
def test_each_value_changes_what_is_rendered(path):
    base = TRIAL if path.startswith(("repository.", "s3.")) else {}
    changes = {path.replace(".", "__"): CHANGES[path]}
    if path.endswith("credentialsSecret"):
        base = {}
    assert template("stillhouse", values(**{**base, **changes})) != template("stillhouse", values(**base))


@pytest.mark.parametrize("image", ["pipeline", "serving", "workflowController", "argoExecutor"])
def test_each_image_is_where_it_runs(image):
    assert image in IMAGES
    reference = least()["images"][image]
    assert reference in template("stillhouse", values())


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        ("repository__url", "git.example:x.git", "pipelines.repository.url: Does not match pattern"),
        ("repository__url", "http://user:word@example.org/x.git", "pipelines.repository.url: Does not match pattern"),
        ("repository__password", "x", "pipelines.repository: a password without a username"),
        ("analyses", [], "pipelines.analyses: Array must have at least 1 items"),
        ("analyses", ["Whisky"], "pipelines.analyses.0: Does not match pattern"),
        ("poll", 0, "pipelines.poll: Must be greater than or equal to 1"),
        ("s3__endpoint", "", "pipelines.s3: endpoint and bucket are needed"),
        ("s3__bucket", "", "pipelines.s3: endpoint and bucket are needed"),
        ("s3__credentialsSecret", "", "pipelines.s3: an account is needed"),
        ("s3__secretKey", "x", "pipelines.s3: secretKey and credentialsSecret are both set"),
        ("s3__prefix", "x", "pipelines.s3: Additional property prefix is not allowed"),
        ("registry__repository", "", "pipelines.registry.repository is empty"),
        ("registry__repository", "registry.example/models:1", "pipelines.registry.repository: Does not match pattern"),
        ("keep", 0, "pipelines.keep: Must be greater than or equal to 1"),
        ("cache", True, "pipelines: Additional property cache is not allowed"),
    ],
)
def test_a_wrong_value_is_refused_with_its_place(path, value, message):
    with pytest.raises(Refused) as told:
        template("stillhouse", values(**{path: value}))
    assert message in str(told.value)


def test_two_accounts_for_one_repository_are_refused():
    with pytest.raises(Refused, match="password and credentialsSecret are both set"):
        template("stillhouse", values(**TRIAL, repository__credentialsSecret="git-account"))

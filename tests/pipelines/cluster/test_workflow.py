"""What a run is compiled to, above all who holds what."""

from __future__ import annotations

import dataclasses
import json
import subprocess
import sys
from pathlib import Path

import pytest

from pipelines.cluster.places import read_record, read_release, read_step
from pipelines.cluster.workflow import compile_run, run_name
from pipelines.errors import StillhouseError
from pipelines.graph import read_steps

COMMIT = "0123456789abcdef0123456789abcdef01234567"
SECRETS = ("git-account", "registry-account")


@pytest.fixture
def steps(flowers):
    return read_steps(flowers)


@pytest.fixture
def run(flowers, steps, with_secrets):
    return compile_run(flowers, steps, COMMIT, with_secrets)


def templates(run):
    return {template["name"]: template for template in run["spec"]["templates"]}


def main_of(run, name):
    return templates(run)[name]["container"]


def test_a_commit_has_one_name(run):
    assert run["metadata"]["name"] == run_name("flowers", COMMIT) == "flowers-0123456789ab"
    assert run["metadata"]["namespace"] == "runs"
    assert run["metadata"]["labels"]["stillhouse/commit"] == COMMIT


def test_runs_of_an_analysis_wait_for_each_other(run):
    assert run["spec"]["synchronization"] == {"mutexes": [{"name": "flowers"}]}


def test_each_step_is_a_pod_that_waits_for_what_it_needs(run):
    tasks = {task["name"]: task for task in templates(run)["steps"]["dag"]["tasks"]}
    assert set(tasks) == {"gate-input", "prepare", "train", "gate-quality", "release"}
    assert "depends" not in tasks["gate-input"]
    assert tasks["prepare"]["depends"] == "gate-input.Succeeded"
    assert tasks["gate-quality"]["depends"] == "train.Succeeded"
    assert tasks["train"]["arguments"] == {
        "artifacts": [{"name": "prepare", "from": "{{tasks.prepare.outputs.artifacts.out}}"}],
        "parameters": [{"name": "prepare", "value": "{{tasks.prepare.outputs.parameters.digest}}"}],
    }
    assert templates(run)["steps"]["dag"]["failFast"] is False


def test_a_release_waits_for_every_step(run, steps):
    release = next(task for task in templates(run)["steps"]["dag"]["tasks"] if task["name"] == "release")
    assert set(release["depends"].split(" && ")) == {f"{step.name}.Succeeded" for step in steps}


def test_a_step_is_told_what_to_do_and_gets_the_digests(run):
    what, order, digest = main_of(run, "train")["args"]
    assert (what, digest) == ("execute", "prepare={{inputs.parameters.prepare}}")
    told = read_step(order)
    assert told.command == "stillhouse step 02-train.ipynb -p factor 2"
    assert told.notebook == "02-train.ipynb"
    assert told.folder == told.analysis == "notebooks/flowers"
    assert told.outs == (
        "notebooks/flowers/build/metrics.json",
        "notebooks/flowers/build/summary.json",
        "notebooks/flowers/model",
    )
    assert told.needs == {"prepare": ("notebooks/flowers/build/flowers.json",)}


def test_the_release_is_told_where_the_model_is(run, with_secrets):
    order = read_release(main_of(run, "release")["args"][1])
    assert (order.step, order.model) == ("train", "notebooks/flowers/model")
    assert (order.base, order.registry, order.insecure) == (with_secrets.serving, "registry/models", True)
    assert order.namespace == "models"
    assert order.pull_secrets == ("pull",)


def test_the_record_comes_whatever_happens_and_knows_all_steps(run, steps):
    assert run["spec"]["onExit"] == "record"
    order = read_record(main_of(run, "record")["args"][1])
    assert [step.name for step in order.steps] == [step.name for step in steps]
    inputs = templates(run)["record"]["inputs"]["artifacts"]
    assert [one["name"] for one in inputs] == ["commit", *(step.name for step in steps), "release"]
    assert all(one.get("optional") for one in inputs[1:])


def test_an_analysis_without_a_model_is_not_released(flowers, steps, settings):
    some = [dataclasses.replace(step, outs=frozenset({flowers.metrics})) for step in steps]
    run = compile_run(flowers, some, COMMIT, settings)
    assert "release" not in templates(run)
    assert not read_record(main_of(run, "record")["args"][1]).releases


# --- Who holds what -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["gate-input", "prepare", "train", "gate-quality"])
def test_a_step_holds_no_credentials(run, name):
    template = templates(run)[name]
    assert template.get("serviceAccountName") is None
    assert template.get("automountServiceAccountToken") is None
    assert {tuple(volume) for volume in template["volumes"]} == {("emptyDir", "name")}
    assert template["container"]["env"] == [{"name": "HOME", "value": "/tmp"}]
    assert not any(secret in json.dumps(template["container"]) for secret in SECRETS)
    assert run["spec"]["serviceAccountName"] == "stillhouse-step"
    assert run["spec"]["automountServiceAccountToken"] is False
    assert run["spec"]["executor"] == {"serviceAccountName": "stillhouse-executor"}


def test_a_step_does_not_say_where_its_parcel_goes(run):
    keys = {name: one["outputs"]["artifacts"][0]["s3"] for name, one in templates(run).items() if "container" in one}
    del keys["record"]
    assert keys == {name: {"key": f"runs/{{{{workflow.name}}}}/{{{{workflow.uid}}}}/{name}.tgz"} for name in keys}


def test_only_the_release_has_its_account_and_only_the_record_the_repositorys(run):
    holders = {
        name: [secret for secret in SECRETS if secret in json.dumps([template.get("volumes"), template["container"]])]
        for name, template in templates(run).items()
        if "container" in template
    }
    assert {name: held for name, held in holders.items() if held} == {
        "release": ["registry-account"],
        "record": ["git-account"],
    }
    accounts = {name: template.get("serviceAccountName") for name, template in templates(run).items()}
    assert {name for name, account in accounts.items() if account} == {"release"}
    assert accounts["release"] == "stillhouse-release"


def test_every_pod_runs_the_images_code_and_not_the_commits(run, with_secrets):
    for template in run["spec"]["templates"]:
        if "container" in template:
            container = template["container"]
            assert container["image"] == with_secrets.pipeline
            assert container["command"] == ["python3", "-P", "-m", "pipelines.cluster"]
            assert container["workingDir"] == "/"
            assert not [one for one in container["env"] if one["name"].startswith("PYTHON")]


def test_python_does_not_import_where_it_stands(tmp_path):
    """What -P is for: without it a commit's own pipelines/ would be the release's code."""
    (tmp_path / "pipelines").mkdir()
    (tmp_path / "pipelines" / "__init__.py").write_text("print('the commit')")
    show = ["-m", "pipelines"]
    without = subprocess.run([sys.executable, *show], cwd=tmp_path, capture_output=True, text=True)
    assert "the commit" in without.stdout
    with_it = subprocess.run([sys.executable, "-P", *show], cwd=tmp_path, capture_output=True, text=True)
    assert "the commit" not in with_it.stdout


def test_pods_are_restricted(run):
    pod = run["spec"]["securityContext"]
    assert (pod["runAsNonRoot"], pod["runAsUser"], pod["seccompProfile"]) == (True, 10001, {"type": "RuntimeDefault"})
    for template in run["spec"]["templates"]:
        if "container" in template:
            assert template["container"]["securityContext"] == {
                "allowPrivilegeEscalation": False,
                "readOnlyRootFilesystem": True,
                "capabilities": {"drop": ["ALL"]},
            }


def test_only_the_clusters_errors_are_tried_again(run):
    for template in run["spec"]["templates"]:
        if "container" in template:
            assert template["retryStrategy"]["retryPolicy"] == "OnError"


def test_without_accounts_there_are_none(flowers, steps, settings):
    run = compile_run(flowers, steps, COMMIT, settings)
    assert "Secret" not in json.dumps(run)
    assert not read_record(main_of(run, "record")["args"][1]).tell


# --- What can't be run --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["release", "record", "steps", "commit", "fit@0", "größe"])
def test_a_name_that_argo_would_take_for_something_else_is_refused(flowers, steps, settings, name):
    some = [dataclasses.replace(steps[0], name=name)]
    with pytest.raises(StillhouseError, match="is no name for a step on a cluster"):
        compile_run(flowers, some, COMMIT, settings)


def test_a_command_that_argo_would_change_is_refused(flowers, steps, settings):
    some = [dataclasses.replace(steps[0], command="echo {{workflow.uid}}")]
    with pytest.raises(StillhouseError, match="Put the command in a script"):
        compile_run(flowers, some, COMMIT, settings)


def test_the_order_of_a_real_analysis_is_compiled(settings):
    from pipelines.analysis import find_analysis

    analysis = find_analysis("whisky", Path(__file__).parents[3])
    run = compile_run(analysis, read_steps(analysis), COMMIT, settings)
    assert read_release(main_of(run, "release")["args"][1]).model == "notebooks/whisky/model"

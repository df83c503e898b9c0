"""What is applied to a cluster: whole documents, images by digest, pods that are restricted."""

import re

import pytest
import yaml

from tests.cluster import addons

VALUES = {
    **{
        name: f"registry/{name}@sha256:{'0' * 64}"
        for name in ("coredns", "local_path", "volume_helper", "metrics_server", "services")
    },
    **dict.fromkeys(("git_user", "git_password", "s3_access_key", "s3_secret_key", "postgres_password"), "x"),
    "s3_bucket": "b",
    "volumes": "/volumes",
    "host": "10.0.0.1",
}
NAMES = sorted(path.stem for path in (addons.at.PARTS / "manifests").glob("*.yaml"))


def documents(name):
    return list(yaml.safe_load_all(addons.manifest(name, VALUES)))


@pytest.mark.parametrize("name", NAMES)
def test_each_is_whole_and_its_images_are_named_by_digest(name):
    for document in documents(name):
        assert {"apiVersion", "kind", "metadata"} <= set(document)
    images = re.findall(r"\bimage: *\"?([^\s,\"}]+)", addons.manifest(name, VALUES))
    assert all("@sha256:" in image for image in images)


def test_a_value_that_is_missing_is_an_error():
    with pytest.raises(KeyError, match="services"):
        addons.manifest("services", {name: value for name, value in VALUES.items() if name != "services"})


def test_the_services_namespace_takes_restricted_pods_only():
    (namespace,) = documents("namespace")
    assert namespace["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == "restricted"


@pytest.mark.parametrize("name", ["git", "s3", "postgres"])
def test_each_service_has_its_pod_and_its_volume(name):
    kinds = {each["kind"] for each in documents("services") if each["metadata"]["name"] == name}
    assert kinds == {"Service", "PersistentVolumeClaim", "Deployment"}


def test_shell_variables_survive_the_template():
    (config,) = [each for each in documents("storage") if each["kind"] == "ConfigMap"]
    assert '"$VOL_DIR"' in config["data"]["setup"]


def test_every_deployment_that_is_waited_for_is_applied():
    applied = {
        (each["metadata"]["namespace"], each["metadata"]["name"])
        for name in NAMES
        for each in documents(name)
        if each["kind"] == "Deployment"
    }
    assert applied == set(addons.DEPLOYMENTS)


def test_credentials_are_made_once_and_are_private(layout):
    first = addons.credentials(layout)
    assert addons.credentials(layout) == first
    assert (layout.run / "credentials.json").stat().st_mode & 0o077 == 0
    (layout.run / "credentials.json").unlink()
    assert addons.credentials(layout).git_password != first.git_password

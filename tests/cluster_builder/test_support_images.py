"""The cluster's own images: the same content is the same image, another content another."""

import json
from dataclasses import replace

import pytest

from pipelines.image.layer import File
from tests.cluster import support_images
from tests.cluster.layout import PARTS

NAMES = ("coredns", "local-path-provisioner", "metrics-server", "workflow-controller", "argoexec", "versitygw")


@pytest.fixture
def programs(tmp_path, monkeypatch):
    """A program of each name, and busybox and certificates that are here on any machine."""
    for name in (*NAMES, "busybox", "certificates"):
        (tmp_path / name).write_bytes(name.encode())
    monkeypatch.setattr(support_images, "BUSYBOX", tmp_path / "busybox")
    monkeypatch.setattr(support_images, "CERTIFICATES", tmp_path / "certificates")
    return {name: tmp_path / name for name in NAMES}


@pytest.fixture
def recipes(programs):
    return {recipe.name: recipe for recipe in support_images.recipes(programs)}


def test_each_image_of_the_manifests_has_a_recipe(recipes):
    text = "".join(path.read_text() for path in (PARTS / "manifests").glob("*.yaml"))
    wanted = {name for name in ("coredns", "local_path", "volume_helper", "metrics_server", "services") if name in text}
    assert len(wanted) == 5
    assert wanted <= {name.replace("-", "_") for name in recipes}


def test_only_the_helper_that_makes_folders_is_root(recipes):
    assert [name for name, recipe in recipes.items() if recipe.config()["User"] == "0"] == ["volume-helper"]


@pytest.mark.parametrize("name", ["workflow-controller", "argoexec"])
def test_argo_s_images_have_certificates_and_a_folder_to_write_to(recipes, name):
    entries = recipes[name].entries
    assert entries["tmp"].mode == 0o1777
    assert "etc/ssl/certs/ca-certificates.crt" in entries
    assert entries[f"bin/{name}"].executable


def test_what_changes_an_image_changes_its_key(recipes, programs):
    recipe = recipes["coredns"]
    keys = {
        recipe.key(),
        replace(recipe, user=7).key(),
        replace(recipe, start=("/other",)).key(),
        replace(recipe, entries={**recipe.entries, "more": File(b"")}).key(),
    }
    programs["coredns"].write_bytes(b"another version")
    assert len(keys | {recipe.key()}) == 5


def test_made_twice_it_is_the_same_image(layout, recipes, tmp_path):
    digests = set()
    for folder in ("one", "two"):
        support_images._make(layout, recipes["argoexec"], tmp_path / folder)
        digests.add(json.loads((tmp_path / folder / "index.json").read_text())["manifests"][0]["digest"])
        assert not list(tmp_path.glob(".aside-*"))
    assert len(digests) == 1

"""The release: only a model that can be trusted, and nothing anew that serves already."""

from __future__ import annotations

import json

import numpy as np
import pytest

from pipelines import artifact
from pipelines.cluster import handover, helm, releases
from pipelines.cluster.errors import ClusterError
from pipelines.cluster.places import Pod, ReleaseOrder
from pipelines.cluster.release import release
from pipelines.image import remote

ORDER = ReleaseOrder(
    "w",
    "w-1",
    "c" * 40,
    "train",
    ("a/model", "a/more.json"),
    "a/model",
    "base",
    "registry/x",
    True,
    "models",
    ("pull",),
)
IMAGE = "registry/x@sha256:1"


@pytest.fixture
def pod(tmp_path):
    made = Pod(tmp_path / "checkout", tmp_path / "inputs", tmp_path / "out", tmp_path / "image")
    for folder in (made.checkout / "a", made.checkout / "pipelines", made.inputs, made.parcel):
        folder.mkdir(parents=True)
    model = artifact.Model("Flowers", "nearest", {}, {}, {"vectors": np.ones((2, 2))})
    artifact.save(model, made.checkout / "a" / "model")
    (made.checkout / "a" / "more.json").write_text("{}")
    return made


@pytest.fixture
def digests(pod):
    return {"train": handover.pack(pod.checkout, ORDER.outs, pod.inputs / "train")}


@pytest.fixture
def done(monkeypatch):
    """What was appended and installed; nothing is released before."""
    calls = {}
    monkeypatch.setattr(remote, "append", lambda **call: calls.update(append=call) or IMAGE)
    monkeypatch.setattr(helm, "history", lambda *_: [])
    monkeypatch.setattr(helm, "upgrade", lambda *call: calls.update(upgrade=call))
    return calls


def test_a_model_is_put_into_an_image_and_served(pod, digests, done):
    told = release(ORDER, digests, pod)
    version = artifact.load(pod.checkout / "a" / "model").version
    assert done["append"] == {
        "model": pod.inputs / "train" / "outs" / "a" / "model",
        "app": pod.checkout,
        "base": "base",
        "repository": "registry/x",
        "insecure": True,
    }
    name, chart, namespace, values, why = done["upgrade"]
    assert (name, chart, namespace) == ("w", pod.image / "helm" / "model", "models")
    assert (values["image"], values["name"], values["imagePullSecrets"]) == (IMAGE, "Flowers", ["pull"])
    assert {**values["provenance"], "released": ""} == {
        "release": "1",
        "model": version,
        "run": "w-1",
        "commit": "c" * 40,
        "released": "",
    }
    assert why == f"release 1: model {version[:12]} of commit cccccccccccc"
    assert json.loads((pod.parcel / "release.json").read_text()) == told
    assert (told["release"], told["new"]) == (1, True)


def test_what_serves_already_is_not_released_again(pod, digests, done, monkeypatch):
    serving = releases.Release(4, 7, True, IMAGE, {})
    monkeypatch.setattr(releases, "load_all", lambda *_: [serving])
    told = release(ORDER, digests, pod)
    assert (told["release"], told["new"]) == (4, False)
    assert "upgrade" not in done


def test_the_same_image_that_no_longer_serves_is_released_again(pod, digests, done, monkeypatch):
    before = [releases.Release(1, 1, False, IMAGE, {}), releases.Release(2, 2, True, "other", {})]
    monkeypatch.setattr(releases, "load_all", lambda *_: before)
    assert release(ORDER, digests, pod)["release"] == 3


def test_a_model_that_was_changed_on_the_way_is_not_released(pod, digests, done):
    """Whole in itself, so that only the digest that the controller noted tells."""
    other = artifact.Model("Flowers", "nearest", {}, {}, {"vectors": np.zeros((2, 2))})
    artifact.save(other, pod.inputs / "train" / "outs" / "a" / "model")
    with pytest.raises(ClusterError, match="somebody changed it in between"):
        release(ORDER, digests, pod)
    assert done == {}


def test_code_that_leads_out_of_the_commit_is_not_put_into_an_image(pod, digests, done, tmp_path):
    """This pod has an account; a link in the service's code could carry its token into an image that anybody reads."""
    (tmp_path / "token").write_text("hidden")
    (pod.checkout / "pipelines" / "help.txt").symlink_to(tmp_path / "token")
    with pytest.raises(ClusterError, match=r"pipelines/help.txt: only plain files are taken"):
        release(ORDER, digests, pod)
    assert done == {}


def test_a_model_that_is_none_is_not_released(pod, done):
    (pod.checkout / "a" / "model" / "vectors.npy").write_bytes(b"x")
    digests = {"train": handover.pack(pod.checkout, ORDER.outs, pod.inputs / "train")}
    with pytest.raises(artifact.ArtifactError):
        release(ORDER, digests, pod)
    assert done == {}

"""The images as the cluster pulls them: who they run as, what is in them, how large they are, how fast one answers."""

from __future__ import annotations

import json
import os
import re
import tarfile
import time
from pathlib import Path
from typing import Any

import pytest

from images.build import NAMES, Builder, layout_of, sbom_of
from images.recipes import Site
from pipelines.files import read_json
from pipelines.image import layout, platforms, registry, remote
from pipelines.image.assemble import assemble
from pipelines.image.cache import Cache, default_folder
from pipelines.image.registry_client import parse, speaking_to
from tests.cluster.handle import Cluster
from tests.on_cluster import pods
from tests.on_cluster.installed import ROOT
from tests.pipelines.image.conftest import make_model

MB = 1_000_000
MAXIMUM = {"serving": 300 * MB, "singleuser": 1000 * MB}
FIRST_ANSWER = 1.0  # seconds
OURS = 10001
TWICE = ("base", "proxy")
# Runs beside a serving container, sees its processes and its port: how long after its start it gave an answer, and
# how much of that it computed.
STOPWATCH = """
import os, time, urllib.request
ticks = os.sysconf("SC_CLK_TCK")
while True:
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            if b"pipelines.serving" in open(f"/proc/{pid}/cmdline", "rb").read():
                answer = urllib.request.urlopen("http://127.0.0.1:8080/recommend?whisky=Ardbeg&n=1", timeout=1).read()
                now = float(open("/proc/uptime").read().split()[0])
                fields = open(f"/proc/{pid}/stat").read().rpartition(")")[2].split()
                print(now - int(fields[19]) / ticks, sum(map(int, fields[11:13])) / ticks, answer.decode(), flush=True)
                raise SystemExit
        except OSError:
            pass
    time.sleep(0.02)
"""
WANTED = {
    "pipeline": "stillhouse --version; helm version --short; git --version; python -c 'import pandas, pyproj'",
    "singleuser": "jupyterhub-singleuser --version; python -c 'import nbdime'; cd; git init; git-nbdiffdriver --help",
    "hub": "jupyterhub --version; python -c 'import hub.spawner'",
    "proxy": "configurable-http-proxy --version",
}

Documents = tuple[dict[str, Any], dict[str, Any]]


@pytest.fixture(scope="module")
def references() -> dict[str, str]:
    """The images by digest, as the cluster pulls them."""
    found = read_json(ROOT / ".stillhouse" / "images.json")
    if not found or set(NAMES) - set(found):
        pytest.skip("the images are not built and pushed; run: make images")
    return dict(found)


@pytest.fixture(scope="module")
def documents(cluster: Cluster, references: dict[str, str]) -> dict[str, Documents]:
    """Each image's manifest and configuration, as the registry has them."""
    return {name: _read(_from_here(cluster, reference)) for name, reference in references.items()}


def _from_here(cluster: Cluster, reference: str) -> str:
    """A reference as this machine reaches it."""
    return reference.replace(cluster.info.registry.pull, cluster.info.registry.push, 1)


def _read(reference: str) -> Documents:
    container = parse(reference, "")
    with speaking_to(container, insecure=True) as client:
        manifest = registry.read_manifest(client, container, container.digest)
        return manifest, registry.read_document(client, container, manifest["config"]["digest"])


@pytest.mark.parametrize("name", NAMES)
def test_every_image_runs_as_a_number_that_is_not_root(documents: dict[str, Documents], name: str) -> None:
    assert documents[name][1]["config"]["User"] == f"{OURS}:{OURS}"


@pytest.mark.parametrize("name", MAXIMUM)
def test_an_image_is_small_unpacked(documents: dict[str, Documents], name: str) -> None:
    layers = documents[name][0]["layers"]
    assert {layer["mediaType"] for layer in layers} == {"application/vnd.oci.image.layer.v1.tar"}
    assert sum(layer["size"] for layer in layers) <= MAXIMUM[name]


def test_what_runs_in_the_browser_is_what_runs_in_a_step(documents: dict[str, Documents]) -> None:
    pipeline, singleuser = ([each["digest"] for each in documents[name][0]["layers"]] for name in NAMES[1:3])
    base = len(documents["base"][0]["layers"])
    assert singleuser[: base + 2] == pipeline[: base + 2]  # the environment, and its bytecode
    assert set(pipeline) - set(singleuser) == {pipeline[base + 2]}  # the code, beside which lie the server's settings


def test_serving_has_no_shell_no_compiler_and_no_pip(references: dict[str, str]) -> None:
    _, (_, *blobs) = layout.read(layout_of(ROOT, "serving"))
    names: set[str] = set()
    for blob in blobs:
        with tarfile.open(blob.path) as tar:
            names |= set(tar.getnames()) - {"var/lib/dpkg"}  # where scanners look, not the program
    assert "usr/bin/python3.11" in names
    unwanted = r"(^|/)(sh|bash|dash|gcc|cc|g\+\+|tcc|ld|as|make|pip3?|pip|ensurepip|setuptools|apt|dpkg)$"
    assert [name for name in names if re.search(unwanted, name)] == []


@pytest.mark.parametrize("name", WANTED)
def test_a_restricted_pod_finds_what_it_needs_and_no_more(
    cluster: Cluster, namespace: str, references: dict[str, str], name: str
) -> None:
    script = (
        f"set -e; {WANTED[name]}; id -u; ! touch /opt/stillhouse/x 2>/dev/null; "
        "for tool in gcc cc g++ make pip pip3 apt-get; do if command -v $tool; then exit 9; fi; done; "
        'test -z "$(find / -xdev -perm /6000 ! -type l 2>/dev/null)"'
    )
    document = pods.manifest(references[name], script)
    del document["spec"]["securityContext"]["runAsUser"]  # the image says who: the kubelet takes a number only
    assert str(OURS) in pods.output(cluster, namespace, document, 90).splitlines()


def test_the_list_of_what_is_in_an_image_is_what_is_installed_there(
    cluster: Cluster, namespace: str, references: dict[str, str]
) -> None:
    names = "import importlib.metadata as m; print(*(f'{d.name}=={d.version}' for d in m.distributions()), sep='\\n')"
    said = pods.output(cluster, namespace, pods.manifest(references["hub"], f'python -c "{names}"'))
    installed = {line.lower().replace("_", "-") for line in said.splitlines()}
    listed = json.loads(sbom_of(ROOT, "hub").read_text())
    assert listed["metadata"]["component"]["version"] == references["hub"].partition("@")[2]
    urls = {each["purl"] for each in listed["components"]}
    assert {url.removeprefix("pkg:pypi/").replace("@", "==") for url in urls if "pypi" in url} == installed
    assert any(url.startswith("pkg:deb/debian/tini@") for url in urls)


def test_a_models_image_is_the_same_wherever_it_is_made(
    cluster: Cluster, references: dict[str, str], tmp_path: Path
) -> None:
    make_model(tmp_path / "model")
    here = assemble(tmp_path / "model", tmp_path / "image")
    if here.missing:
        pytest.skip(f"this machine can't make the image that the lock describes: {here.missing}")
    assert _append(cluster, references, tmp_path / "model").partition("@")[2] == here.digest


def test_a_models_pod_answers_within_a_second(
    cluster: Cluster, namespace: str, references: dict[str, str], tmp_path: Path
) -> None:
    make_model(tmp_path / "model")
    pushed = _append(cluster, references, tmp_path / "model")
    image = pushed.replace(cluster.info.registry.push, cluster.info.registry.pull, 1)
    _first_answer(cluster, namespace, image, references["base"])  # the image is pulled
    took, computed = zip(*(_first_answer(cluster, namespace, image, references["base"]) for _ in range(3)), strict=True)
    print("start to first answer, in seconds:", took, "of which it computed:", computed)
    assert min(computed) <= FIRST_ANSWER
    if min(took) > FIRST_ANSWER and os.getloadavg()[0] > (os.cpu_count() or 1):
        pytest.skip(
            f"too much else runs on this machine to tell: {min(took):.2f} s, of it {min(computed):.2f} s its own"
        )
    assert min(took) <= FIRST_ANSWER


def _append(cluster: Cluster, references: dict[str, str], model: Path) -> str:
    place = f"{cluster.info.registry.push}/stillhouse/models"
    base = _from_here(cluster, references["serving"])
    return remote.append(model=model, app=ROOT, base=base, repository=place, insecure=True)


def _first_answer(cluster: Cluster, namespace: str, image: str, beside: str) -> tuple[float, float]:
    document = pods.manifest(beside, f"exec python3 -c '{STOPWATCH}'")
    spec = document["spec"]
    spec["shareProcessNamespace"] = True
    security = {**spec["containers"][0]["securityContext"], "readOnlyRootFilesystem": True}
    # The stopwatch starts first, so that it waits for the service.
    spec["containers"].append({"name": "serving", "image": image, "securityContext": security})
    pod = pods.start(cluster, namespace, document)
    try:
        deadline = time.monotonic() + 60
        while not _ended(pod):
            assert time.monotonic() < deadline, f"{pod.name} gave no answer: {pod.status}"
            time.sleep(0.2)
        took, computed, answer = "".join(pod.logs(container="main")).split(" ", 2)
        assert json.loads(answer)["whisky"] == "Ardbeg"
        return float(took), float(computed)
    finally:
        pod.delete()


def _ended(pod: Any) -> bool:
    pod.refresh()
    states = {each["name"]: each["state"] for each in pod.status.get("containerStatuses", [])}
    return "terminated" in states.get("main", {})


def test_an_image_made_from_nothing_is_the_same_again(references: dict[str, str], tmp_path: Path) -> None:
    """Packages, node, its modules and both images anew; of all the images: python -m images --again --no-push."""
    said: list[str] = []
    before = {
        name: Builder(Site(ROOT, platforms.find(None), Cache(default_folder()), said.append)).build(name)
        for name in TWICE
    }
    project = tmp_path / "project"
    project.mkdir()
    for name in ("images", "pipelines", "hub", "helm", "notebooks", "pyproject.toml", "uv.lock"):
        (project / name).symlink_to(ROOT / name)
    anew = Builder(Site(project, platforms.find(None), Cache(tmp_path / "cache"), said.append))
    assert {name: anew.build(name).digest for name in TWICE} == {name: before[name].digest for name in TWICE}

"""Pods without a cluster: their folders, and the settings that the chart would give."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from repositories import git

from pipelines.analysis import Analysis
from pipelines.cluster.places import Pod
from pipelines.cluster.settings import Settings


def make_remote(analysis: Analysis, folder: Path) -> Path:
    """A bare repository that holds the analysis, as a git server would."""
    git(analysis.root, "branch", "-M", "main")
    git(folder, "clone", "--quiet", "--bare", str(analysis.root), "remote.git")
    return folder / "remote.git"


def make_settings(remote: Path) -> Settings:
    """As the chart writes them; nobody is told unless a test says so."""
    amounts = {"requests": {"cpu": "100m", "memory": "64Mi"}}
    return Settings(
        runs="runs",
        models="models",
        pipeline=f"registry/pipeline@sha256:{'a' * 64}",
        serving=f"registry/serving@sha256:{'b' * 64}",
        repository=str(remote),
        branch="main",
        analyses=("flowers",),
        registry="registry/models",
        insecure=True,
        poll=1,
        resources=dict.fromkeys(("step", "release", "record"), amounts),
        git_secret="",
        may_push=False,
        registry_secret="",
        pull_secrets=(),
    )


def make_pod(root: Path, remote: Path, commit: str, inputs: Mapping[str, Path]) -> Pod:
    """A pod's folders: the commit cloned, what other pods handed on laid in, the image's lock file."""
    pod = Pod(root / "checkout", root / "inputs", root / "out", root / "image")
    root.mkdir(parents=True)
    git(root, "clone", "--quiet", str(remote), "checkout")
    git(pod.checkout, "checkout", "--quiet", "--detach", commit)
    pod.inputs.mkdir()
    for need, parcel in inputs.items():
        (pod.inputs / need).symlink_to(parcel)
    pod.image.mkdir()
    (pod.image / "uv.lock").write_bytes((pod.checkout / "uv.lock").read_bytes())
    return pod

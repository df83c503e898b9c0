"""Pods without a cluster: their folders, and the settings that the chart would give."""

from __future__ import annotations

import dataclasses
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from pipelines.analysis import Analysis
from pipelines.cluster.places import Pod
from pipelines.cluster.settings import Settings

IDENTITY = ("-c", "user.name=An Author", "-c", "user.email=author@example.invalid")


def git(folder: Path, *arguments: str) -> str:
    """What git answers in `folder`."""
    command = ["git", *IDENTITY, *arguments]
    return subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True).stdout.strip()


@pytest.fixture
def remote(flowers: Analysis, tmp_path: Path) -> Path:
    """A bare repository that holds the flowers, as a git server would."""
    bare = tmp_path / "remote.git"
    git(flowers.root, "branch", "-M", "main")
    git(tmp_path, "clone", "--quiet", "--bare", str(flowers.root), str(bare))
    return bare


@pytest.fixture
def settings(remote: Path) -> Settings:
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
        resources={name: amounts for name in ("step", "release", "record")},
        git_secret="",
        may_push=False,
        registry_secret="",
        pull_secrets=(),
    )


@pytest.fixture
def with_secrets(settings: Settings) -> Settings:
    """The same where everything needs an account."""
    return dataclasses.replace(
        settings, git_secret="git-account", may_push=True, registry_secret="registry-account", pull_secrets=("pull",)
    )


@pytest.fixture
def new_pod(tmp_path: Path, remote: Path) -> Callable[..., Pod]:
    """Make a pod's folders: the commit cloned, what other pods handed on laid in, the image's lock file."""

    def make(name: str, commit: str, **inputs: Path) -> Pod:
        root = tmp_path / "pods" / name
        pod = Pod(root / "checkout", root / "inputs", root / "out", root / "image")
        git(tmp_path, "clone", "--quiet", str(remote), str(pod.checkout))
        git(pod.checkout, "checkout", "--quiet", "--detach", commit)
        pod.inputs.mkdir()
        for need, parcel in inputs.items():
            (pod.inputs / need.replace("_", "-")).symlink_to(parcel)
        pod.image.mkdir()
        (pod.image / "uv.lock").write_bytes((pod.checkout / "uv.lock").read_bytes())
        return pod

    return make

"""The flowers as a cluster sees them: in a repository, with the chart's settings, cloned into pods."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from pods import make_pod, make_remote, make_settings

from pipelines.analysis import Analysis
from pipelines.cluster.places import Pod
from pipelines.cluster.settings import Settings


@pytest.fixture
def remote(flowers: Analysis, tmp_path: Path) -> Path:
    """A bare repository that holds the flowers."""
    return make_remote(flowers, tmp_path)


@pytest.fixture
def settings(remote: Path) -> Settings:
    """The chart's, where no account is needed."""
    return make_settings(remote)


@pytest.fixture
def with_secrets(settings: Settings) -> Settings:
    """The chart's, where everything needs an account."""
    return dataclasses.replace(
        settings, git_secret="git-account", may_push=True, registry_secret="registry-account", pull_secrets=("pull",)
    )


@pytest.fixture
def new_pod(tmp_path: Path, remote: Path) -> Callable[..., Pod]:
    """Make a pod with a commit's clone and what other pods handed on."""

    def make(name: str, commit: str, inputs: Mapping[str, Path] | None = None) -> Pod:
        return make_pod(tmp_path / "pods" / name, remote, commit, inputs or {})

    return make

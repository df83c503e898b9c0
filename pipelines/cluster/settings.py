"""How runs go on this cluster: what the chart's values say, read from the file or the ConfigMap that it makes."""

from __future__ import annotations

import json
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from pipelines.cluster.errors import ClusterError

CONFIG_MAP = "stillhouse-pipelines"
KEY = "settings.json"
# The accounts of the pods, in the namespace of the runs; the chart makes them.
STEP_ACCOUNT = "stillhouse-step"
EXECUTOR_ACCOUNT = "stillhouse-executor"
RELEASE_ACCOUNT = "stillhouse-release"


@dataclass(frozen=True)
class Settings:
    """`runs` and `models`: namespaces. `pipeline` and `serving`: images by digest. `repository`: the git address.

    `git_secret` and `registry_secret`: Secrets in the namespace of the runs, "" where none is needed. `registry`: where
    model images go. `poll`: seconds between two looks at the branch. `resources`: of a step, of the release.
    """

    runs: str
    models: str
    pipeline: str
    serving: str
    repository: str
    branch: str
    analyses: tuple[str, ...]
    registry: str
    insecure: bool
    poll: float
    resources: dict[str, Any]
    git_secret: str
    may_push: bool
    registry_secret: str
    pull_secrets: tuple[str, ...]


def parse(text: str, origin: str) -> Settings:
    """The settings in `text`; `origin` is named where they are not what this version understands."""
    try:
        values = json.loads(text)
        for name in ("analyses", "pull_secrets"):
            values[name] = tuple(values[name])
        return Settings(**values)
    except (ValueError, TypeError, KeyError) as error:
        known = ", ".join(field.name for field in fields(Settings))
        raise ClusterError(
            f"{origin}: these are no settings of this version ({error}); it knows {known}. "
            "Use the chart and the image of one version."
        ) from None


def read(path: Path) -> Settings:
    """The settings in a file: where the chart mounts them."""
    try:
        return parse(path.read_text(encoding="utf-8"), str(path))
    except OSError as error:
        raise ClusterError(f"{path}: the settings can't be read ({error.strerror}).") from None

"""The analysis's params.yaml, for the gates (the notebooks get theirs from the pipeline)."""

from __future__ import annotations

from pathlib import Path

from ruamel.yaml import YAML

Settings = dict[str, float | str]


def read_settings(folder: Path) -> Settings:
    """The flat name-to-value settings of the analysis in `folder`."""
    return dict(YAML(typ="safe").load((folder / "params.yaml").read_text(encoding="utf-8")))

"""A copy of an analysis to try other parameters in, so that a trial never touches the checkout."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap
from ruamel.yaml.error import YAMLError

from pipelines.analysis import Analysis
from pipelines.errors import StillhouseError
from pipelines.files import read_yaml

LEFT_OUT = shutil.ignore_patterns("build", "model", "__pycache__", ".ipynb_checkpoints", "dvc.lock")


def parse_value(text: str) -> Any:
    """The value that `text` has in YAML: 5 is a number, true a truth value, cosine a text."""
    try:
        return YAML(typ="safe").load(text)
    except YAMLError:
        raise StillhouseError(f"{text!r} is no value: write a number, true or false, or a word") from None


def override(params: Path, values: Mapping[str, Any]) -> None:
    """Set top-level `values` in a params.yaml, keeping its comments; refuse names it does not have."""
    check(params, values)
    yaml = YAML()
    document = yaml.load(params.read_text(encoding="utf-8")) or CommentedMap()
    document.update(values)
    with params.open("w", encoding="utf-8") as file:
        yaml.dump(document, file)


def check(params: Path, values: Mapping[str, Any]) -> None:
    """Refuse `values` that a params.yaml has no name for, or that are of another kind than what it has."""
    document = read_yaml(params)
    unknown = sorted(set(values) - set(document))
    if unknown:
        raise StillhouseError(f"{params.name}: no parameter {', '.join(unknown)}. It has: {', '.join(document)}")
    for name, value in values.items():
        if type(document[name]) is not type(value) and not _numbers(document[name], value):
            raise StillhouseError(
                f"{name}={value}: {params.name} has {document[name]!r} there, so give a value of that kind."
            )


def _numbers(old: Any, new: Any) -> bool:
    numeric = (int, float)
    return isinstance(old, float) and isinstance(new, numeric) and not isinstance(new, bool)


@contextmanager
def trial(analysis: Analysis, name: str, values: Mapping[str, Any]) -> Iterator[Analysis]:
    """A copy of `analysis` with `values` in its params.yaml, sharing the checkout's DVC cache; removed afterwards."""
    root = analysis.state / "trials" / name
    folder = root / analysis.folder.relative_to(analysis.root)
    try:
        shutil.copytree(analysis.folder, folder, ignore=LEFT_OUT)
        for outside in _outside_dependencies(analysis):
            _copy(analysis.root / outside, root / outside)
        _init_dvc(root, analysis.root / ".dvc")
        override(folder / "params.yaml", values)
        yield Analysis(root, folder)
    finally:
        shutil.rmtree(root, ignore_errors=True)


def _outside_dependencies(analysis: Analysis) -> list[Path]:
    """What the steps depend on outside the analysis's folder, relative to the checkout."""
    stages = read_yaml(analysis.definition).get("stages", {}).values()
    named = {dependency for stage in stages for dependency in stage.get("deps", [])}
    paths = {(analysis.folder / str(dependency)).resolve() for dependency in named}
    return sorted(path.relative_to(analysis.root) for path in paths if not path.is_relative_to(analysis.folder))


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    if source.is_dir():
        shutil.copytree(source, target, ignore=LEFT_OUT, dirs_exist_ok=True)
    else:
        shutil.copy2(source, target)


def _init_dvc(root: Path, original: Path) -> None:
    """DVC without git, on the checkout's own cache: what was computed once is not computed again in a trial."""
    from dvc.repo import Repo

    (root / ".dvc").mkdir(parents=True)
    cache = Repo(str(original.parent)).cache.local_cache_dir
    (root / ".dvc" / "config").write_text(
        f"[core]\n    no_scm = true\n    analytics = false\n[cache]\n    dir = {cache}\n", encoding="utf-8"
    )
    if (original.parent / ".dvcignore").exists():
        shutil.copy2(original.parent / ".dvcignore", root / ".dvcignore")

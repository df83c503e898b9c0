"""These use the real lock; the layer is kept in this machine's cache, so only the first of all runs fetches wheels."""

from __future__ import annotations

import shutil
import tarfile
from pathlib import Path, PurePosixPath

import pytest

from pipelines.image import dependencies, platforms
from pipelines.image.assemble import PROJECT
from pipelines.image.cache import Cache, default_folder
from pipelines.image.errors import ImageError
from pipelines.image.layer import Layer

REAL_CACHE = default_folder()


@pytest.fixture
def layer() -> Layer:
    return dependencies.layer(PROJECT, platforms.find(None), Cache(REAL_CACHE))


def names(layer: Layer) -> set[str]:
    assert layer.path
    with tarfile.open(layer.path) as tar:
        return {member.name.removeprefix(f"{dependencies.FOLDER}/") for member in tar if member.isfile()}


def test_it_holds_the_serving_group_and_no_more(layer: Layer) -> None:
    top = {name.partition("/")[0] for name in names(layer)}
    assert {"numpy", "uvicorn", "uvloop", "httptools", "msgspec", "prometheus_client"} <= top
    assert not {"pandas", "dvc", "pytest", "pipelines", "bin"} & top


def test_it_holds_licences_but_nothing_of_the_machine_it_was_made_on(layer: Layer) -> None:
    found = names(layer)
    assert any("licenses/LICENSE" in name for name in found)
    assert not [name for name in found if not dependencies.is_needed(PurePosixPath(name))]


def test_it_is_the_same_when_made_anew(
    layer: Layer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setenv("UV_COMPILE_BYTECODE", "1")
    monkeypatch.setenv("UV_LINK_MODE", "copy")
    again = dependencies.layer(PROJECT, platforms.find(None), Cache(tmp_path / "another cache"))
    assert (again.digest, again.size) == (layer.digest, layer.size)


@pytest.mark.parametrize(
    "path",
    [
        "bin/uvicorn",
        "numpy/tests/test_x.py",
        "numpy/_core/include/numpy/arrayobject.h",
        "numpy/__init__.pyi",
        "numpy/__init__.pxd",
        "numpy/_core/lib/libnpymath.a",
        "click/__pycache__/core.cpython-311.pyc",
        "click-8.dist-info/RECORD",
        "click-8.dist-info/INSTALLER",
        "click-8.dist-info/uv_cache.json",
        ".lock",
    ],
)
def test_what_is_left_out(path: str) -> None:
    assert not dependencies.is_needed(PurePosixPath(path))


@pytest.mark.parametrize(
    "path",
    [
        "numpy/__init__.py",
        "numpy/testing/__init__.py",
        "numpy.libs/libopenblas.so",
        "click-8.dist-info/METADATA",
        "click-8.dist-info/licenses/LICENSE.txt",
        "package/RECORD",
        "package/tests.py",
    ],
)
def test_what_is_kept(path: str) -> None:
    assert dependencies.is_needed(PurePosixPath(path))


def test_a_wheel_that_is_not_what_the_lock_says_is_refused(tmp_path: Path) -> None:
    shutil.copy(PROJECT / "pyproject.toml", tmp_path)
    lock = (PROJECT / "uv.lock").read_text(encoding="utf-8")
    start = lock.index('name = "httptools"')
    end = lock.index("[[package]]", start)
    package = "\n".join(
        line[: line.index("sha256:") + 7] + "0" * 64 + line[line.index("sha256:") + 71 :] if "sha256:" in line else line
        for line in lock[start:end].split("\n")
    )
    (tmp_path / "uv.lock").write_text(lock[:start] + package + lock[end:], encoding="utf-8")
    shutil.copytree(
        PROJECT / "notebooks", tmp_path / "notebooks", ignore=shutil.ignore_patterns("data", "build", "model")
    )
    with pytest.raises(ImageError, match="httptools"):
        dependencies.layer(tmp_path, platforms.find(None), Cache(tmp_path / "cache"))


def test_without_a_lock_it_says_which_file_is_missing(tmp_path: Path) -> None:
    with pytest.raises(ImageError, match=r"uv\.lock: the 'serving' group can't be read"):
        dependencies.layer(tmp_path, platforms.find(None), Cache(tmp_path / "cache"))

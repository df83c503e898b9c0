from __future__ import annotations

import io
import json
import tarfile
from pathlib import Path

import pytest

from pipelines.image.app import app_layer, model_layer
from pipelines.image.assemble import PROJECT
from pipelines.image.errors import ImageError
from pipelines.image.layer import Layer


def files(layer: Layer) -> dict[str, bytes]:
    with tarfile.open(fileobj=io.BytesIO(layer.content or b"")) as tar:
        return {m.name: tar.extractfile(m).read() for m in tar if m.isfile()}  # type: ignore[union-attr]


@pytest.fixture
def package(tmp_path: Path) -> Path:
    package = tmp_path / "pipelines"
    for name in ("__init__.py", "artifact.py", "errors.py", "cli.py", "serving/__main__.py", "serving/page/index.html"):
        (package / name).parent.mkdir(parents=True, exist_ok=True)
        (package / name).write_text(name)
    return package


def test_the_app_is_the_service_and_what_it_needs(package: Path) -> None:
    assert set(files(app_layer(package.parent))) == {
        "app/pipelines/__init__.py",
        "app/pipelines/artifact.py",
        "app/pipelines/errors.py",
        "app/pipelines/serving/__main__.py",
        "app/pipelines/serving/page/index.html",
    }


@pytest.mark.parametrize(
    "junk",
    ["__pycache__/a.cpython-311.pyc", ".names.py.swp", "names.py~", "page/.DS_Store", "names.py.orig", ".idea/x"],
)
def test_what_tools_leave_behind_is_not_shipped(package: Path, junk: str) -> None:
    clean = app_layer(package.parent).digest
    (package / "serving" / junk).parent.mkdir(exist_ok=True)
    (package / "serving" / junk).write_text("junk")
    assert app_layer(package.parent).digest == clean


def test_without_the_service_there_is_no_app(package: Path, tmp_path: Path) -> None:
    for path in (package / "serving").rglob("*"):
        if path.is_file():
            path.unlink()
    with pytest.raises(ImageError, match="serving: the service's code is not there"):
        app_layer(package.parent)


def test_the_real_app_imports_nothing_that_is_not_shipped() -> None:
    shipped = files(app_layer(PROJECT))
    modules = {
        name.removeprefix("app/").removesuffix(".py").removesuffix("/__init__").replace("/", ".") for name in shipped
    }
    imported = {
        line.split()[1]
        for text in shipped.values()
        for line in text.decode(errors="replace").splitlines()
        if line.strip().startswith(("from pipelines", "import pipelines"))
    }
    assert imported
    assert imported <= modules


def test_where_and_when_a_model_was_made_is_no_part_of_the_image(model: Path) -> None:
    _, before = model_layer(model)
    (model / "provenance.json").write_text('{"commit": "abc"}')
    trained, after = model_layer(model)
    assert after.digest == before.digest
    assert {"model/model.json", "model/vectors.npy"} <= set(files(after))
    assert json.loads(files(after)["model/model.json"])["version"] == trained.version


def test_a_model_that_was_changed_by_hand_is_refused(model: Path) -> None:
    (model / "vectors.npy").write_bytes((model / "profiles.npy").read_bytes() + b" ")
    with pytest.raises(ImageError, match=r"vectors\.npy"):
        model_layer(model)

"""The app layer (the service's own code) and the model layer."""

from __future__ import annotations

from pathlib import Path

from pipelines import artifact
from pipelines.image.errors import ImageError
from pipelines.image.layer import Entry, File, Layer, in_memory

APP = "app"
MODEL = "model"
_CODE = ("__init__.py", "artifact.py", "errors.py")
_SERVICE = "serving"


def app_layer(checkout: Path) -> Layer:
    """The layer with the service's code as `checkout` has it."""
    package = checkout / "pipelines"
    files = [package / name for name in _CODE]
    files += [path for path in (package / _SERVICE).rglob("*") if path.is_file() and is_source(path, package)]
    if not (package / _SERVICE / "__main__.py").is_file():
        raise ImageError(f"{package / _SERVICE}: the service's code is not there. Get the whole repository.")
    return in_memory("app", {f"{APP}/{path.relative_to(checkout)}": File(path) for path in files})


def model_layer(folder: Path) -> tuple[artifact.Model, Layer]:
    """The model in `folder`, checked against its hash, and the layer that holds it.

    Only what the hash covers goes in: where and when a model was made is no part of the image.
    """
    try:
        model = artifact.load(folder)
    except artifact.ArtifactError as error:
        raise ImageError(str(error)) from error
    names = ["model.json", *(f"{name}.npy" for name in model.arrays)]
    entries: dict[str, Entry] = {f"{MODEL}/{name}": File((folder / name).read_bytes()) for name in names}
    return model, in_memory("model", entries)


def is_source(path: Path, package: Path) -> bool:
    """Whether `path` in the folder `package` is a source, and not what an editor or the interpreter left there."""
    parts = path.relative_to(package).parts
    hidden = any(part.startswith(".") or part == "__pycache__" for part in parts)
    return not hidden and path.suffix not in {".pyc", ".orig", ".rej", ".swp"} and not path.name.endswith("~")

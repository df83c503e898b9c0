"""The model artifact: a folder of `model.json` and one `.npy` file an array, named by its content's hash.

Nothing in it is ever unpickled, and what was changed after it was written is refused. The hash covers the
arrays, the parameters and the signature; where and when the model was made lies beside it.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import re
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from pipelines.errors import StillhouseError

SCHEMA = 1
KEYS = {"schema", "name", "kind", "signature", "params", "arrays"}
ARRAY_NAME = re.compile(r"\w[\w.-]*", re.ASCII)  # a plain file name, the same on every file system
Array = npt.NDArray[Any]


class ArtifactError(StillhouseError):
    """A model artifact that can't be trusted: missing, damaged, changed by hand, or of a newer schema."""


@dataclass(frozen=True)
class Model:
    """A trained model as data: what it is called, what it takes and gives, its settings and its arrays."""

    name: str
    kind: str
    signature: Mapping[str, Any]
    params: Mapping[str, Any]
    arrays: Mapping[str, Array] = field(repr=False)
    schema: int = SCHEMA

    @property
    def version(self) -> str:
        """The content hash: sha256 (hex) over arrays, parameters and signature."""
        return _hash(_document(self))


def save(model: Model, folder: Path) -> str:
    """Write `model` to `folder` (which it replaces whole) and return the content hash.

    Raises ArtifactError where the model holds what can't be stored; what was in `folder` then stays.
    """
    document = _document(model)
    version = _hash(document)
    folder.parent.mkdir(parents=True, exist_ok=True)
    aside = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        for name, array in model.arrays.items():
            (aside / f"{name}.npy").write_bytes(_npy(array))
        (aside / "model.json").write_text(
            json.dumps({"version": version, **document}, indent=1, sort_keys=True, ensure_ascii=False) + "\n",
            encoding="utf-8",
        )
        aside.chmod(0o755)
        _swap(aside, folder)
    finally:
        shutil.rmtree(aside, ignore_errors=True)
    return version


def load(folder: Path) -> Model:
    """Read the model in `folder`, checking every byte against its hash.

    Raises ArtifactError, saying which file and what to do, where the artifact is missing, damaged, changed,
    or written by a newer version.
    """
    document, version = _read_document(folder)
    if _hash(document) != version:
        raise ArtifactError(
            f"{folder / 'model.json'}: its content does not match its version {str(version)[:12]}…, so it "
            "was changed after it was written. Train the model again, or restore the folder from a release."
        )
    arrays = {name: _read_array(folder, name, entry) for name, entry in document["arrays"].items()}
    return Model(
        name=document["name"],
        kind=document["kind"],
        signature=document["signature"],
        params=document["params"],
        arrays=arrays,
        schema=document["schema"],
    )


def _swap(new: Path, folder: Path) -> None:
    """Put `new` in `folder`'s place; no folder can be renamed onto a full one, so the old one steps aside."""
    old = new.with_name(f"{new.name}-old")
    if os.path.lexists(folder):
        folder.rename(old)
    try:
        new.rename(folder)
    except BaseException:
        if os.path.lexists(old):
            old.rename(folder)
        raise
    if old.is_dir() and not old.is_symlink():
        shutil.rmtree(old, ignore_errors=True)
    else:
        old.unlink(missing_ok=True)


def _document(model: Model) -> dict[str, Any]:
    """The hashed part of model.json, as JSON will give it back (text as keys, lists for tuples)."""
    if odd := [name for name in model.arrays if not ARRAY_NAME.fullmatch(name)]:
        raise ArtifactError(f"{odd[0]!r} is no name for an array: use letters, digits, _ - and . only.")
    document = {
        "schema": model.schema,
        "name": model.name,
        "kind": model.kind,
        "signature": dict(model.signature),
        "params": dict(model.params),
        "arrays": {
            name: {
                "dtype": array.dtype.str,
                "shape": list(array.shape),
                "sha256": hashlib.sha256(_npy(array)).hexdigest(),
            }
            for name, array in model.arrays.items()
        },
    }
    try:
        same: dict[str, Any] = json.loads(json.dumps(document, allow_nan=False))
    except (TypeError, ValueError) as error:
        raise ArtifactError(f"the signature and params must be plain JSON, and numbers finite: {error}.") from error
    return same


def _hash(document: Mapping[str, Any]) -> str:
    canonical = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return hashlib.sha256(canonical.encode("utf-8", "surrogatepass")).hexdigest()


def _npy(array: Array) -> bytes:
    if array.dtype.hasobject:
        raise ArtifactError("an array of Python objects can't be stored: turn it into numbers or fixed-width text.")
    buffer = io.BytesIO()
    np.save(buffer, np.asarray(array, order="C"), allow_pickle=False)
    return buffer.getvalue()


def _read_document(folder: Path) -> tuple[dict[str, Any], Any]:
    """The hashed part of model.json, its form checked, and the hash that the file claims."""
    path = folder / "model.json"
    try:
        document = json.loads(path.read_text(encoding="utf-8"), parse_constant=_no_number)
    except FileNotFoundError:
        raise ArtifactError(f"{path}: there is no model here. Run the pipeline first: stillhouse run") from None
    except (OSError, ValueError, RecursionError) as error:
        raise ArtifactError(f"{path}: it can't be read ({error}). Train the model again.") from error
    schema = document.get("schema") if isinstance(document, dict) else None
    if type(schema) is not int or schema < 1:
        raise ArtifactError(f"{path}: it has no schema number, so it is no model of ours. Train the model again.")
    if schema > SCHEMA:
        raise ArtifactError(
            f"{path}: it has schema {schema}, and this version reads up to {SCHEMA}. Upgrade stillhouse to load it."
        )
    version = document.pop("version", None)
    for wrong, keys in (("missing", KEYS - document.keys()), ("not known", document.keys() - KEYS)):
        if keys:
            raise ArtifactError(f"{path}: {', '.join(sorted(keys))} {wrong}. Train the model again.")
    if not _well_formed(document):
        raise ArtifactError(f"{path}: its entries are not of the form of a model. Train the model again.")
    return document, version


def _no_number(name: str) -> None:
    raise ValueError(f"{name} is no JSON number")


def _well_formed(document: Mapping[str, Any]) -> bool:
    texts = all(isinstance(document[key], str) for key in ("name", "kind"))
    objects = all(isinstance(document[key], dict) for key in ("signature", "params", "arrays"))
    return (
        texts
        and objects
        and all(
            isinstance(entry, dict) and entry.keys() == {"dtype", "shape", "sha256"}
            for entry in document["arrays"].values()
        )
    )


def _read_array(folder: Path, name: str, entry: Mapping[str, Any]) -> Array:
    if not ARRAY_NAME.fullmatch(name):
        raise ArtifactError(f"{folder / 'model.json'}: the array name {name!r} leads out of the folder.")
    path = folder / f"{name}.npy"
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ArtifactError(f"{path}: it can't be read ({error.strerror}). Train the model again.") from error
    if hashlib.sha256(content).hexdigest() != entry["sha256"]:
        raise ArtifactError(f"{path}: its content does not match its hash, so it was changed. Train the model again.")
    try:
        array: Array = np.lib.format.read_array(io.BytesIO(content), allow_pickle=False)
    except (ValueError, OSError, MemoryError) as error:
        raise ArtifactError(f"{path}: it is no plain array ({error}). Train the model again.") from error
    if [array.dtype.str, list(array.shape)] != [entry["dtype"], entry["shape"]]:
        raise ArtifactError(f"{path}: its type or shape is not what model.json says. Train the model again.")
    return array

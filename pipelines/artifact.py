"""The model artifact: a folder with `model.json` and one `.npy` file an array, named by the hash of its content.

Nothing in it is ever unpickled, and what was changed after it was written is refused. The hash covers the
arrays, the parameters and the signature; where and when the model was made lies beside it (`provenance.json`).
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

SCHEMA = 1
Array = npt.NDArray[Any]


class ArtifactError(Exception):
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
    """Write `model` to `folder` (which it replaces whole) and return the content hash."""
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
        shutil.rmtree(folder, ignore_errors=True)
        os.replace(aside, folder)
    except BaseException:
        shutil.rmtree(aside, ignore_errors=True)
        raise
    return version


def load(folder: Path) -> Model:
    """Read the model in `folder`, checking every byte against its hash.

    Raises ArtifactError, saying which file and what to do, where the artifact is missing, damaged, changed, or
    written by a newer version.
    """
    document = _read_document(folder)
    version = document.pop("version", None)
    if _hash(document) != version:
        raise ArtifactError(
            f"{folder / 'model.json'}: its content does not match its version {str(version)[:12]}…, so it was "
            "changed after it was written. Train the model again, or restore the folder from a release."
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


def _document(model: Model) -> dict[str, Any]:
    """The hashed part of model.json."""
    return {
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


def _hash(document: Mapping[str, Any]) -> str:
    canonical = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return hashlib.sha256(canonical.encode()).hexdigest()


def _npy(array: Array) -> bytes:
    if array.dtype.hasobject:
        raise ArtifactError("an array of Python objects can't be stored: turn it into numbers or fixed-width text.")
    buffer = io.BytesIO()
    np.save(buffer, np.ascontiguousarray(array), allow_pickle=False)
    return buffer.getvalue()


def _read_document(folder: Path) -> dict[str, Any]:
    path = folder / "model.json"
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ArtifactError(f"{path}: there is no model here. Run the pipeline first: stillhouse run") from None
    except (OSError, ValueError) as error:
        raise ArtifactError(f"{path}: it can't be read ({error}). Train the model again.") from error
    schema = document.get("schema") if isinstance(document, dict) else None
    if not isinstance(schema, int) or schema < 1:
        raise ArtifactError(f"{path}: it has no schema number, so it is no model of ours. Train the model again.")
    if schema > SCHEMA:
        raise ArtifactError(
            f"{path}: it has schema {schema}, and this version reads up to {SCHEMA}. Upgrade stillhouse to load it."
        )
    missing = {"name", "kind", "signature", "params", "arrays"} - document.keys()
    if missing:
        raise ArtifactError(f"{path}: {', '.join(sorted(missing))} missing. Train the model again.")
    return document


def _read_array(folder: Path, name: str, entry: Mapping[str, Any]) -> Array:
    path = folder / f"{name}.npy"
    if Path(name).name != name:
        raise ArtifactError(f"{folder / 'model.json'}: the array name {name!r} leads out of the folder.")
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ArtifactError(f"{path}: it can't be read ({error.strerror}). Train the model again.") from error
    if hashlib.sha256(content).hexdigest() != entry["sha256"]:
        raise ArtifactError(f"{path}: its content does not match its hash, so it was changed. Train the model again.")
    array: Array = np.load(io.BytesIO(content), allow_pickle=False)
    return array

"""Write files so that a reader never sees half of one."""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from pipelines.errors import StillhouseError


def write_text(path: Path, text: str) -> None:
    """Write `text` aside, then rename it to `path`; folders are made as needed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, aside = tempfile.mkstemp(prefix=f".{path.name}-", dir=path.parent)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        os.chmod(aside, 0o644)  # noqa: PTH101  # mkstemp makes it private; results are for everyone to read
        os.replace(aside, path)  # noqa: PTH105
    except BaseException:
        Path(aside).unlink(missing_ok=True)
        raise


def write_json(path: Path, value: Any) -> None:
    """Write `value` as JSON, keys sorted, so that the same value is the same bytes."""
    write_text(path, json.dumps(value, indent=1, sort_keys=True, ensure_ascii=False) + "\n")


def read_json(path: Path) -> Any:
    """The JSON in `path`, or None where there is no such file."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None


def read_yaml(path: Path) -> dict[str, Any]:
    """The mapping in `path`. Raises StillhouseError with the place where it is no YAML."""
    try:
        document = YAML(typ="safe").load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise StillhouseError(f"{path}: there is no such file, and the analysis needs it.") from None
    except (YAMLError, UnicodeDecodeError) as error:
        raise StillhouseError(f"{path}: it is no YAML that can be read. {error}") from None
    if not isinstance(document, dict | None):
        raise StillhouseError(f"{path}: it must hold names and values, and holds {type(document).__name__}.")
    return document or {}

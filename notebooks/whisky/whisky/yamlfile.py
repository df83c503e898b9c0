"""Read a YAML file that people write by hand, keep the numbers of its lines, and say where it can't be read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from pipelines.findings import Finding


def read(path: Path) -> tuple[Any, list[Finding]]:
    """What stands in the file (mappings and lists know their lines: `line_of`), or why it can't be read."""
    try:
        content = YAML(typ="rt").load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None, [Finding(path.name, "the file is missing", f"Restore it: git checkout -- {path.name}")]
    except UnicodeDecodeError:
        return None, [Finding(path.name, "this is not UTF-8", "Save the file as UTF-8")]
    except YAMLError as error:
        mark = error.problem_mark if isinstance(error, MarkedYAMLError) else None
        where = f"{path.name}, line {mark.line + 1}" if mark else path.name
        why = (isinstance(error, MarkedYAMLError) and error.problem) or "its signs can't be in YAML"
        return None, [Finding(where, f"it can't be read as YAML ({why})", "Mend that line, or the one above it")]
    if not isinstance(content, dict):
        what = "the file is empty" if content is None else "it is no list of names and values"
        return None, [Finding(path.name, what, f"Restore it: git checkout -- {path.name}")]
    return content, []


def line_of(content: Any, key: Any) -> int:
    """The line, from 1, on which a key of a mapping or an entry of a list stands."""
    place = content.lc.key(key) if isinstance(content, dict) else content.lc.item(key)
    return int(place[0]) + 1

"""Compile Python sources; run by a base's own interpreter, so it imports nothing of ours (see bytecode.py).

Takes the root file system's folder, then the folders in it to compile. Bytecode lands in `__pycache__`, as usual;
where it lies already, it stays: in an image it belongs to a layer below.
"""

import importlib.util
import py_compile
import sys
from pathlib import Path


def main(root: Path, folders: list[str]) -> None:
    """Compile every module in `folders`, always in the same order: what marshal writes depends on what came before."""
    for folder in folders:
        for source in sorted((root / folder).rglob("*.py")):
            if Path(importlib.util.cache_from_source(str(source))).is_file():
                continue
            try:
                py_compile.compile(
                    str(source),
                    dfile=f"/{source.relative_to(root)}",  # tracebacks name the file where it is in the image
                    doraise=True,
                    invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH,
                )
            except py_compile.PyCompileError:  # a template, or for another version of Python: nobody imports it
                continue


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])

from __future__ import annotations

import importlib.util
from pathlib import Path

from pipelines.image.compile_sources import main


def bytecode_of(source: Path) -> Path:
    return Path(importlib.util.cache_from_source(str(source)))


def test_bytecode_of_a_layer_below_stays(tmp_path: Path) -> None:
    for name in ("below", "above", "broken"):
        (tmp_path / f"{name}.py").write_text("x = (" if name == "broken" else "x = 1\n")
    below = bytecode_of(tmp_path / "below.py")
    below.parent.mkdir()
    below.write_bytes(b"of the layer below")
    main(tmp_path, ["."])
    assert below.read_bytes() == b"of the layer below"
    above = bytecode_of(tmp_path / "above.py").read_bytes()
    assert above[4:8] == b"\x01\0\0\0"  # by hash, and never checked
    assert str(tmp_path).encode() not in above
    assert not bytecode_of(tmp_path / "broken.py").exists()

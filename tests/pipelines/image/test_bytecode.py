from __future__ import annotations

import marshal
import tarfile
from collections.abc import Callable
from pathlib import Path
from types import CodeType

import pytest

from pipelines.image import bytecode
from pipelines.image.assemble import Image
from pipelines.image.base import Base
from pipelines.image.cache import Cache
from pipelines.image.errors import ImageError
from pipelines.image.layer import File, Layer


def layer_of(image: Image, name: str) -> Layer:
    return next(layer for layer in image.layers if layer.name == name)


def test_versions_that_differ_are_told(tmp_path: Path) -> None:
    cache = Cache(tmp_path)
    installed = cache.write("dependencies", {"opt/dependencies/a.py": File(b"")})
    ours, theirs = Base("debian@1", "1", (), "3.11.2-1"), Base("debian@2", "2", (), "3.11.2-2")
    with pytest.raises(ImageError, match=r"debian@2 has Python 3\.11\.2-2 and debian@1 has 3\.11\.2-1.*--update-base"):
        bytecode.layer(theirs, installed, ours, cache)


def test_an_interpreter_that_does_not_start_is_told(tmp_path: Path) -> None:
    cache = Cache(tmp_path)
    installed = cache.write("dependencies", {"opt/dependencies/a.py": File(b"")})
    broken = cache.write("base", {"lib64/ld-linux-x86-64.so.2": File(b"not a program", executable=True)})
    here = Base("debian@1", "1", (broken,), "3.11.2")
    with pytest.raises(ImageError, match="the base's interpreter does not run on this machine"):
        bytecode.layer(here, installed, here, cache)


def test_every_module_is_compiled_never_to_be_checked_and_names_itself(whole_image: Image) -> None:
    path = layer_of(whole_image, "bytecode").path
    assert path
    with tarfile.open(path) as tar:
        files = {member.name: tar.extractfile(member).read() for member in tar if member.isfile()}  # type: ignore[union-attr]
    for name in (
        "opt/dependencies/uvicorn/__pycache__/main.cpython-311.pyc",
        "usr/lib/python3.11/asyncio/__pycache__/events.cpython-311.pyc",
    ):
        assert files[name][4:8] == b"\x01\x00\x00\x00"  # by hash, unchecked: PEP 552
    if __import__("sys").version_info[:2] == (3, 11):
        code = marshal.loads(files["opt/dependencies/uvicorn/__pycache__/main.cpython-311.pyc"][16:])
        assert isinstance(code, CodeType)
        assert code.co_filename == "/opt/dependencies/uvicorn/main.py"


def test_it_is_the_same_when_made_anew(
    whole_image: Image, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, few_modules: Callable[[Layer], Base]
) -> None:
    """With few modules, as compiling all takes seconds."""
    here = few_modules(layer_of(whole_image, "base"))
    digests = set()
    for name in ("here", "a folder with spaces"):
        (tmp_path / name).mkdir()
        monkeypatch.setenv("TMPDIR", str(tmp_path / name))
        monkeypatch.setattr("tempfile.tempdir", str(tmp_path / name))
        monkeypatch.setenv("PYTHONHASHSEED", str(len(name)))
        cache = Cache(tmp_path / name / "cache")
        installed = cache.write(
            "dependencies", {"opt/dependencies/a.py": File(b"A = {'x', 'y', 'z'}\nB = 'x' in {'x', 'y'}\n")}
        )
        digests.add(bytecode.layer(here, installed, here, cache).digest)
    assert len(digests) == 1


@pytest.fixture
def few_modules(monkeypatch: pytest.MonkeyPatch) -> Callable[[Layer], Base]:
    """A base whose standard library counts as compiled already, but for one folder."""

    def call(layer: Layer) -> Base:
        monkeypatch.setattr(bytecode, "STANDARD_LIBRARY", "usr/lib/python3.11/asyncio")
        return Base("debian@1", layer.digest, (layer,), "3.11.2")

    return call

from __future__ import annotations

import io
import os
import tarfile
from pathlib import Path

import pytest

from pipelines.image.layer import File, Folder, Link, in_memory, write


def names(content: bytes | None) -> list[str]:
    with tarfile.open(fileobj=io.BytesIO(content or b"")) as tar:
        return tar.getnames()


def test_owner_time_mode_and_order_leave_no_trace(tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    for path, mode, time in ((one, 0o600, 1_000), (two, 0o775, 2_000_000_000)):
        path.write_bytes(b"same")
        path.chmod(mode)
        os.utime(path, (time, time))

    first = in_memory("x", {"b/file": File(one), "a": File(b"1")})
    second = in_memory("x", {"a": File(b"1"), "b/file": File(two)})

    assert first.content == second.content
    with tarfile.open(fileobj=io.BytesIO(first.content or b"")) as tar:
        assert {(m.uid, m.gid, m.uname, m.gname, m.mtime) for m in tar} == {(0, 0, "", "", 0)}
        assert [oct(m.mode) for m in tar] == ["0o644", "0o755", "0o644"]


def test_digest_and_size_are_those_of_the_bytes() -> None:
    buffer = io.BytesIO()
    digest, size = write({"a": File(b"content")}, buffer)
    layer = in_memory("x", {"a": File(b"content")})
    assert (layer.digest, layer.size, layer.diff_id) == (digest, size, digest)
    assert size == len(buffer.getvalue())


def test_each_folder_comes_before_what_it_holds() -> None:
    layer = in_memory("x", {"a-b/c": File(b""), "a/b/c": File(b""), "a.txt": File(b"")})
    assert names(layer.content) == ["a", "a/b", "a/b/c", "a-b", "a-b/c", "a.txt"]


def test_kinds_of_entries() -> None:
    layer = in_memory("x", {"tmp": Folder(0o1777), "bin/run": File(b"#!", executable=True), "bin/link": Link("run")})
    with tarfile.open(fileobj=io.BytesIO(layer.content or b"")) as tar:
        assert oct(tar.getmember("tmp").mode) == "0o1777"
        assert oct(tar.getmember("bin/run").mode) == "0o755"
        assert tar.getmember("bin/link").linkname == "run"


def test_a_folder_keeps_its_mode_whatever_it_holds() -> None:
    layer = in_memory("x", {"tmp/file": File(b""), "tmp": Folder(0o1777)})
    with tarfile.open(fileobj=io.BytesIO(layer.content or b"")) as tar:
        assert oct(tar.getmember("tmp").mode) == "0o1777"


@pytest.mark.parametrize("name", ["x" * 300 + "/" + "y" * 200, "Größe/ein Name mit Leerzeichen", "日本"])
def test_long_and_foreign_names_survive(name: str) -> None:
    assert names(in_memory("x", {name: File(b"")}).content)[-1] == name


@pytest.mark.parametrize("name", ["/etc/passwd", "../up", "a/../../up", "", "."])
def test_a_path_that_leads_out_of_the_image_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="no path inside an image"):
        in_memory("x", {name: File(b"")})

from __future__ import annotations

import io
import tarfile
from pathlib import Path

import pytest

from images import environment
from images.environment import FOLDER, PACKAGES
from images.errors import BuildError
from pipelines.image import platforms
from pipelines.image.cache import Cache
from pipelines.image.layer import File, Layer, in_memory

AMD64 = platforms.find("linux/amd64")
WHEEL = {
    "numpy/core.py": "x = 1",
    "numpy/core.pyi": "x: int",
    "numpy/tests/test_core.py": "",
    "numpy/core.c": "",
    "numpy/core.h": "",
    "numpy/__pycache__/core.cpython-311.pyc": "",
    "numpy-2.dist-info/METADATA": "Name: numpy\nVersion: 2\n",
    "numpy-2.dist-info/RECORD": "",
    "jedi/third_party/stubs/tests/a.pyi": "",
    "share/jupyter/kernels/python3/kernel.json": "{}",
    "share/man/man1/numpy.1": "",
    "etc/jupyter/server.json": "{}",
    ".lock": "",
}


@pytest.fixture
def uv(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """The files that installing brings, besides a script and a program; they can be changed."""
    wheel = dict(WHEEL)

    def install(*arguments: str, doing: str) -> str:
        target = Path(arguments[arguments.index("--target") + 1])
        listed = Path(arguments[arguments.index("--requirement") + 1]).read_text()
        for name, text in {**wheel, **({"more.py": ""} if "more" in listed else {})}.items():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            (target / name).write_text(text)
        (target / "bin").mkdir()
        script = f"#!{target}/machine/bin/python3\nprint('hello')\n".encode()
        for name, content in {"f2py": script, "tool": b"\x7fELF"}.items():
            (target / "bin" / name).write_bytes(content)
            (target / "bin" / name).chmod(0o755)
        return ""

    monkeypatch.setattr(environment, "_uv", install)
    return wheel


@pytest.fixture
def cache(tmp_path: Path) -> Cache:
    return Cache(tmp_path / "cache")


def members(layer: Layer) -> dict[str, tarfile.TarInfo]:
    assert layer.path
    with tarfile.open(layer.path) as tar:
        return {member.name: member for member in tar if not member.isdir()}


def read(layer: Layer, name: str) -> bytes:
    assert layer.path
    with tarfile.open(layer.path) as tar:
        content = tar.extractfile(name)
        assert content
        return content.read()


def make(cache: Cache, requirements: str = "numpy==2", below: str = "") -> Layer:
    return environment.layer(requirements, below, AMD64, cache, lambda _: None)


def test_it_is_laid_out_as_a_virtual_environment(uv: dict[str, str], cache: Cache) -> None:
    assert set(members(make(cache))) == {
        f"{FOLDER}/pyvenv.cfg",
        *(f"{FOLDER}/bin/{name}" for name in ("python", "python3", "python3.11", "f2py", "tool")),
        f"{FOLDER}/etc/jupyter/server.json",
        f"{FOLDER}/share/jupyter/kernels/python3/kernel.json",
        *(f"{PACKAGES}/{name}" for name in ("numpy/core.py", "numpy/core.pyi", "numpy-2.dist-info/METADATA")),
        f"{PACKAGES}/jedi/third_party/stubs/tests/a.pyi",
    }


def test_its_interpreter_is_the_images(uv: dict[str, str], cache: Cache) -> None:
    layer = make(cache)
    assert members(layer)[f"{FOLDER}/bin/python"].linkname == "/usr/bin/python3.11"
    assert read(layer, f"{FOLDER}/bin/f2py") == f"#!/{FOLDER}/bin/python\nprint('hello')\n".encode()
    assert read(layer, f"{FOLDER}/bin/tool") == b"\x7fELF"
    assert members(layer)[f"{FOLDER}/bin/tool"].mode == 0o755


def test_a_layer_on_top_has_only_what_is_new(uv: dict[str, str], cache: Cache) -> None:
    layer = make(cache, "numpy==2 more==1", below="numpy==2")
    assert set(members(layer)) == {f"{PACKAGES}/more.py"}


def test_two_that_disagree_are_refused(uv: dict[str, str], cache: Cache, monkeypatch: pytest.MonkeyPatch) -> None:
    install = environment._uv

    def other(*arguments: str, doing: str) -> str:
        install(*arguments, doing=doing)
        target = Path(arguments[arguments.index("--target") + 1])
        (target / "numpy" / "core.py").write_text(target.name)
        return ""

    monkeypatch.setattr(environment, "_uv", other)
    with pytest.raises(BuildError, match=r"numpy/core\.py"):
        make(cache, "numpy==2 more==1", below="numpy==2")


def test_what_is_in_the_cache_is_not_installed_again(
    uv: dict[str, str], cache: Cache, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = make(cache)
    monkeypatch.setattr(environment, "_uv", lambda *_, **__: pytest.fail("it was installed again"))
    assert make(cache).digest == first.digest


def test_the_project_counts_as_installed(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "still"\nversion = "1.2"\nlicense = "MIT"\n')
    entries = environment.installed(tmp_path, "/opt/code")
    assert entries[f"{PACKAGES}/still.pth"] == File(b"/opt/code\n")
    metadata = entries[f"{PACKAGES}/still-1.2.dist-info/METADATA"]
    assert metadata == File(b"Metadata-Version: 2.4\nName: still\nVersion: 1.2\nLicense: MIT\n")


def test_a_program_of_ours_runs_its_function() -> None:
    layer = in_memory("x", {"stillhouse": environment.script("pipelines.cli", "main")})
    with tarfile.open(fileobj=io.BytesIO(layer.content or b"")) as tar:
        content = tar.extractfile("stillhouse")
        assert content
        text = content.read().decode()
        assert tar.getmember("stillhouse").mode == 0o755
    assert text.splitlines()[0] == f"#!/{FOLDER}/bin/python"
    compile(text, "stillhouse", "exec")
    assert text.endswith("from pipelines.cli import main\nsys.exit(main())\n")


def test_uvs_own_words_are_told(tmp_path: Path) -> None:
    with pytest.raises(BuildError, match="can't be read"):
        environment.export(tmp_path, ("--only-group", "hub"))


def test_the_lock_has_every_group(request: pytest.FixtureRequest) -> None:
    hub = environment.export(request.config.rootpath, ("--only-group", "hub"))
    assert "jupyterhub==" in hub
    assert "--hash=sha256:" in hub
    assert "jupyterlab==" not in hub

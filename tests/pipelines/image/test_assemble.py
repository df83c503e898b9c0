from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import pipelines
from pipelines.image import app, dependencies, layout, platforms
from pipelines.image.assemble import PROJECT, Image
from pipelines.image.base_lock import FOLDER
from pipelines.image.errors import ImageError
from pipelines.image.layer import File, in_memory

Make = Callable[..., Image]
SCRIPT = """
import os, sys
from pathlib import Path
from pipelines.image import dependencies
from pipelines.image.assemble import assemble
from pipelines.image.layer import File, in_memory
os.umask(int(sys.argv[1], 8))
dependencies.layer = lambda *_: in_memory("dependencies", {"opt/dependencies/numpy.py": File(b"")})
here = Path(sys.argv[2])
print(assemble(here / "model", here / "out", project=here / "project", cache=here / "cache").digest)
"""


def documents(image: Image) -> tuple[dict[str, Any], dict[str, Any]]:
    manifest, (config, *_) = layout.read(image.layout)
    return json.loads(manifest.path.read_bytes()), json.loads(config.path.read_bytes())


def test_base_dependencies_app_model(make: Make) -> None:
    image = make()
    manifest, _ = documents(image)
    assert [layer.name for layer in image.layers] == ["base", "dependencies", "app", "model"]
    assert [entry["digest"] for entry in manifest["layers"]] == [layer.digest for layer in image.layers]
    assert image.digest == layout.read(image.layout)[0].digest
    assert image.missing is None
    layout.verify(image.layout)


def test_how_a_container_is_started(make: Make) -> None:
    _, config = documents(make())
    run = config["config"]
    assert run["Entrypoint"][:5] == ["python3", "-m", "pipelines.serving", "--model", "/model"]
    assert run["User"] == "10001:10001"
    assert run["ExposedPorts"] == {"8080/tcp": {}}
    assert {"PYTHONPATH=/app:/opt/dependencies", "OPENBLAS_NUM_THREADS=1"} <= set(run["Env"])
    assert any(each.startswith("PATH=") for each in run["Env"])


def test_it_says_which_model_it_holds_and_on_which_base(make: Make) -> None:
    image = make()
    manifest, config = documents(image)
    assert manifest["annotations"] == config["config"]["Labels"]
    assert manifest["annotations"]["org.opencontainers.image.title"] == "whisky"
    assert manifest["annotations"]["org.opencontainers.image.version"] == image.model
    assert manifest["annotations"]["org.opencontainers.image.base.digest"] == image.layers[0].digest


def test_it_tells_no_time(make: Make) -> None:
    manifest, config = documents(make())
    assert {entry["created"] for entry in config["history"]} == {config["created"]} == {"1970-01-01T00:00:00Z"}
    assert "created" not in json.dumps(manifest)


def test_another_model_changes_the_model_layer_alone(make: Make, model: Path, new_model: Callable[..., str]) -> None:
    before = make()
    new_model(model, k=3)
    after = make()
    assert after.digest != before.digest
    assert after.layers[:-1] == before.layers[:-1]
    assert after.layers[-1] != before.layers[-1]


def test_the_same_model_again_is_the_same_image(make: Make, model: Path, new_model: Callable[..., str]) -> None:
    before = make()
    new_model(model, k=3)
    make()
    new_model(model, k=5)
    assert make().digest == before.digest


def test_a_model_that_cant_be_trusted_leaves_the_image_as_it_is(make: Make, model: Path) -> None:
    before = make()
    (model / "vectors.npy").write_bytes(b"damaged")
    with pytest.raises(ImageError, match=r"vectors\.npy"):
        make()
    assert layout.read(before.layout)[0].digest == before.digest
    layout.verify(before.layout)


def test_without_a_base_it_holds_the_upper_layers_and_says_what_is_missing(make: Make, project: Path) -> None:
    (project / FOLDER / "base.lock.json").unlink()
    image = make()
    assert [layer.name for layer in image.layers] == ["dependencies", "app", "model"]
    assert "no base is pinned" in (image.missing or "")
    assert image.tag.endswith("-incomplete")
    layout.verify(image.layout)


def test_without_bytecode_it_says_so(make: Make, project: Path) -> None:
    lock = project / FOLDER / "base.lock.json"
    pinned = json.loads(lock.read_text())
    for number, platform in enumerate(sorted(pinned["platforms"])):
        pinned["platforms"][platform]["packages"]["python3.11-minimal"] = f"3.11.{number}"
    lock.write_text(json.dumps(pinned))
    foreign = next(name for name in pinned["platforms"] if name != platforms.here())
    image = make(platform=foreign)
    assert "the bytecode" in (image.missing or "")
    assert [layer.name for layer in image.layers] == ["base", "dependencies", "app", "model"]


def test_the_app_is_the_only_new_layer_where_the_code_changes(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    before = make()
    monkeypatch.setattr(app, "app_layer", lambda _: in_memory("app", {"app/x.py": File(b"")}))
    after = make()
    changed = [new.name for old, new in zip(before.layers, after.layers, strict=True) if old != new]
    assert changed == ["app"]


def run_elsewhere(
    tmp_path: Path, name: str, new_model: Callable[..., str], *, seed: str, umask: str, **more: Any
) -> str:
    """Assemble the small image in a process and a folder of its own, and return the digest."""
    here = tmp_path / name
    here.mkdir()
    for part in ("project", "cache"):
        shutil.copytree(tmp_path / part, here / part)
    new_model(here / "model")
    for number, path in enumerate(sorted((here / "model").iterdir())):
        path.chmod(0o600 if seed == "1" else 0o755)
        os.utime(path, (number * int(seed), number * int(seed)))
    environment = {**os.environ, "PYTHONHASHSEED": seed, "HOME": str(here), "PYTHONPATH": str(PROJECT)}
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, umask, str(here)],
        cwd=here,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        **more,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_the_same_from_two_folders_with_two_umasks_and_two_hash_seeds(
    make: Make, tmp_path: Path, new_model: Callable[..., str]
) -> None:
    digests = {
        make().digest,
        run_elsewhere(tmp_path, "here", new_model, seed="1", umask="077"),
        run_elsewhere(tmp_path, "a folder with spaces", new_model, seed="2", umask="002"),
    }
    assert len(digests) == 1


@pytest.fixture
def for_all(tmp_path: Path) -> Iterator[Path]:
    """A folder that other users can reach, unlike pytest's own."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


def test_the_same_by_another_user(make: Make, tmp_path: Path, for_all: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Forked, as another user may be able to read neither this interpreter nor this checkout."""
    if os.geteuid() != 0:
        pytest.skip("needs root, to become another user; folders, modes and umasks are compared by the other tests")
    mine = make()
    for part in ("project", "cache", "model"):
        shutil.copytree(tmp_path / part, for_all / part)
    shutil.copytree(PROJECT / "pipelines", for_all / "pipelines")
    for path in (for_all, *for_all.rglob("*")):
        os.chown(path, 65534, 65534)
    monkeypatch.setattr(pipelines, "__file__", str(for_all / "pipelines" / "__init__.py"))

    theirs = done_by(65534, lambda: make(**{part: for_all / part for part in ("project", "cache", "model", "out")}))

    assert theirs == mine.digest
    assert (for_all / "out" / "index.json").stat().st_uid == 65534


def done_by(user: int, make: Callable[[], Image]) -> str:
    """The digest of what `make` assembles in a child process that belongs to `user`, or its error."""
    reader, writer = os.pipe()
    with warnings.catch_warnings():
        # pytest-xdist has a thread of its own, which the child does not need.
        warnings.simplefilter("ignore", DeprecationWarning)
        child = os.fork()
    if child == 0:
        try:
            os.setgroups([])
            os.setresgid(user, user, user)
            os.setresuid(user, user, user)
            os.write(writer, make().digest.encode())
        except BaseException as error:
            os.write(writer, repr(error).encode())
        finally:
            os._exit(0)
    os.close(writer)
    os.waitpid(child, 0)
    with os.fdopen(reader) as answer:
        return answer.read()


def test_the_real_project_is_the_checkout() -> None:
    assert (PROJECT / "uv.lock").is_file()
    assert dependencies.GROUP in (PROJECT / "pyproject.toml").read_text(encoding="utf-8")

"""The real image, checked by other people's tools and run."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from pipelines.image import bytecode
from pipelines.image.assemble import Image

Need = Callable[..., list[str]]
MAXIMUM = 300_000_000  # bytes, unpacked


@pytest.fixture
def bundle(whole_image: Image, tmp_path: Path, need: Need) -> Path:
    """The image, unpacked by umoci."""
    (umoci,) = need("umoci")
    rootless = [] if os.geteuid() == 0 else ["--rootless"]
    folder = tmp_path / "bundle"
    subprocess.run(
        [umoci, "unpack", *rootless, "--image", f"{whole_image.layout}:{whole_image.tag}", str(folder)],
        check=True,
        capture_output=True,
    )
    return folder


def test_skopeo_reads_it(whole_image: Image, need: Need) -> None:
    (skopeo,) = need("skopeo")
    source = f"oci:{whole_image.layout}:{whole_image.tag}"
    done = subprocess.run([skopeo, "inspect", source], check=True, capture_output=True)
    found = json.loads(done.stdout)
    assert found["Digest"] == whole_image.digest
    assert found["Layers"] == [layer.digest for layer in whole_image.layers]
    assert found["Labels"]["org.opencontainers.image.version"] == whole_image.model


def test_it_is_small(whole_image: Image) -> None:
    assert whole_image.size < MAXIMUM


@pytest.fixture
def runtime(need: Need) -> str:
    """What can start a container here: runc for root, a user namespace for everybody else."""
    (program,) = need("runc" if os.geteuid() == 0 else "unshare")
    if os.geteuid() != 0 and subprocess.run([program, "--map-root-user", "true"], check=False).returncode:
        pytest.skip("this machine lets ordinary users make no namespaces, so it runs no containers of theirs")
    return program


@pytest.fixture
def address(runtime: str, bundle: Path, tmp_path: Path) -> Iterator[str]:
    """Where the container answers; it runs as the image says, on a file system it can't write to."""
    port, log = _free_port(), tmp_path / "container.log"
    start = _by_runc if os.geteuid() == 0 else _by_unshare
    command, environment = start(runtime, bundle, port)
    with log.open("w") as file:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=file, stderr=file, env=environment)
    try:
        _wait(process, port, log)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()  # both pass it on
        process.wait(timeout=30)


Start = tuple[list[str], dict[str, str]]


def _by_runc(runc: str, bundle: Path, port: int) -> Start:
    """On this machine's network, on a port that is free."""
    config = json.loads((bundle / "config.json").read_text())
    config["process"]["terminal"] = False
    config["process"]["args"] = _arguments(config, port)
    config["root"]["readonly"] = True
    config["linux"]["namespaces"] = [each for each in config["linux"]["namespaces"] if each["type"] != "network"]
    (bundle / "config.json").write_text(json.dumps(config))
    name = f"stillhouse-{os.getpid()}-{port}"
    return [runc, "--root", str(bundle / "state"), "run", "--bundle", str(bundle), name], dict(os.environ)


def _by_unshare(unshare: str, bundle: Path, port: int) -> Start:
    config = json.loads((bundle / "config.json").read_text())
    program, *arguments = _arguments(config, port)
    isolated = [unshare, "--map-root-user", f"--root={bundle / 'rootfs'}", "--wd=/", f"/usr/bin/{program}"]
    return [*isolated, *arguments], dict(each.split("=", 1) for each in config["process"]["env"])


def _arguments(config: dict[str, Any], port: int) -> list[str]:
    return [str(port) if each == "8080" else each for each in config["process"]["args"]]


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    until = time.monotonic() + 30
    while time.monotonic() < until:
        if process.poll() is not None:
            said = log.read_text()
            if "operation not permitted" in said or "cgroup" in said:
                pytest.skip(f"runc can't start containers on this machine: {said.strip()[-300:]}")
            pytest.fail(f"the container ended:\n{said}")
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.02)
    pytest.fail(f"the container does not answer:\n{log.read_text()}")


def get(url: str) -> object:
    with urllib.request.urlopen(url, timeout=10) as answer:
        return json.loads(answer.read())


def test_it_serves_its_model(address: str, whole_image: Image) -> None:
    assert get(f"{address}/readyz") == {"ready": True, "model": whole_image.model}
    answer = get(f"{address}/recommend?whisky=laphroaig&n=1")
    assert answer == {
        "whisky": "Laphroaig",
        "neighbours": [{"whisky": "Ardbeg", "distance": 1.0}],
        "model": whole_image.model,
    }


def test_every_extension_finds_its_libraries(whole_image: Image, tmp_path: Path) -> None:
    """Without a container: the base's loader says what each extension module lacks."""
    root = tmp_path / "root"
    root.mkdir()
    for layer in whole_image.layers[:2]:
        bytecode._unpack(layer, root)
    loader = next(path for path in (root / "lib").rglob("ld-linux*.so.*") if not path.is_symlink())
    libraries = ":".join(str(path) for top in ("lib", "usr/lib") for path in (root / top).glob("*-linux-gnu"))
    modules = [path for top in ("opt/dependencies", "usr/lib/python3.11") for path in (root / top).rglob("*.so")]
    assert len(modules) > 30
    lacking = {}
    for module in modules:
        command = [str(loader), "--library-path", libraries, "--list", str(module)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if "not found" in done.stdout + done.stderr:
            lacking[module.name] = done.stdout + done.stderr
    assert lacking == {}

"""The real image, checked by other people's tools and run."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import tarfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

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
def address(bundle: Path, tmp_path: Path, need: Need) -> Iterator[str]:
    """Where the container answers; it runs as the image says, on a file system it can't write to."""
    (runc,) = need("runc")
    if os.geteuid() != 0:
        pytest.skip("needs root: a container of an ordinary user needs subordinate ids, which few machines have set up")
    port = _free_port()
    _configure(bundle, port)
    name, log = f"stillhouse-{os.getpid()}-{port}", tmp_path / "container.log"
    command = [runc, "--root", str(tmp_path / "runc"), "run", "--bundle", str(bundle), name]
    with log.open("w") as file:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=file, stderr=file)
    try:
        _wait(process, port, log)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()  # runc passes it on
        process.wait(timeout=30)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _configure(bundle: Path, port: int) -> None:
    """Let the container use this machine's network, on a port that is free."""
    path = bundle / "config.json"
    config = json.loads(path.read_text())
    config["process"]["terminal"] = False
    arguments = config["process"]["args"]
    arguments[arguments.index("8080")] = str(port)
    config["root"]["readonly"] = True
    config["linux"]["namespaces"] = [each for each in config["linux"]["namespaces"] if each["type"] != "network"]
    path.write_text(json.dumps(config))


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
        with tarfile.open(layer.path) as tar:
            tar.extractall(root, filter="fully_trusted")
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

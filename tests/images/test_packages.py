from __future__ import annotations

import json
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from images.packages import Package, debian_packages, read

STATUS = """Package: tini
Status: install ok installed
Version: 0.19.0-1
Description: a tiny init
 Version: not this one

Package: gone
Status: deinstall ok config-files
Version: 1
"""
FILES = {
    "var/lib/dpkg/status": STATUS,
    "opt/env/rich-15.0.dist-info/METADATA": "Metadata-Version: 2.4\nName: rich\nVersion: 15.0\nLicense: MIT\n\nText",
    "opt/env/own-1.dist-info/METADATA": "Name: own\nVersion: 1\nLicense-Expression: Apache-2.0\n",
    "p/node_modules/ws/package.json": json.dumps({"name": "ws", "version": "8.1", "license": "MIT"}),
    "p/node_modules/@a/b/package.json": json.dumps({"name": "@a/b", "version": "1"}),
    "p/node_modules/ws/esm/package.json": json.dumps({"name": "inner", "version": "0"}),
    "p/package.json": json.dumps({"name": "ours", "version": "0"}),
}


def test_every_world_is_read(tar: Callable[..., Path]) -> None:
    with tarfile.open(tar(**FILES)) as opened:
        assert read(opened) == {
            Package("deb", "tini", "0.19.0-1"),
            Package("pypi", "rich", "15.0", "MIT"),
            Package("pypi", "own", "1", "Apache-2.0"),
            Package("npm", "ws", "8.1", "MIT"),
            Package("npm", "@a/b", "1"),
        }


def test_a_base_without_a_package_manager_tells_too(tar: Callable[..., Path]) -> None:
    with tarfile.open(tar(var__lib__dpkg__status__d="")) as opened:
        assert read(opened) == set()
    with tarfile.open(tar(**{"var__lib__dpkg__status.d__libc6": "Package: libc6\nVersion: 2.36\n"})) as opened:
        assert debian_packages(opened) == [Package("deb", "libc6", "2.36")]


@pytest.mark.parametrize("prefix", ["", "./"])
def test_roots_are_written_in_two_ways(tmp_path: Path, prefix: str) -> None:
    (tmp_path / "status").write_text(STATUS)
    with tarfile.open(tmp_path / "root.tar", "w") as made:
        made.add(tmp_path / "status", f"{prefix}var/lib/dpkg/status")
    with tarfile.open(tmp_path / "root.tar") as opened:
        assert [package.name for package in debian_packages(opened)] == ["tini"]

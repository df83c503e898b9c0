"""What is in an image, as a CycloneDX document: read from the image's layers, not from what they were to be made of."""

from __future__ import annotations

import tarfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any
from urllib.parse import quote

from images.packages import Package, read
from pipelines.files import write_json
from pipelines.image import layout
from pipelines.image.platforms import Platform


def write(name: str, folder: Path, platform: Platform, out: Path) -> int:
    """Write the document of the image in the layout `folder` to `out`; return how many packages it lists."""
    manifest, parts = layout.read(folder)
    packages: set[Package] = set()
    for blob in parts[1:]:
        with tarfile.open(blob.path) as tar:
            packages |= read(tar)
    write_json(out, document(name, manifest.digest, packages, platform))
    return len(packages)


def document(name: str, digest: str, packages: Iterable[Package], platform: Platform) -> dict[str, Any]:
    """The CycloneDX document of an image: no time and no serial number in it, so the same image has the same one."""
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {
            "component": {"type": "container", "name": f"stillhouse/{name}", "version": digest, "bom-ref": digest},
            "tools": {"components": [{"type": "application", "name": "stillhouse images"}]},
        },
        "components": [_component(package, platform) for package in sorted(packages)],
    }


def _component(package: Package, platform: Platform) -> dict[str, Any]:
    reference = package_url(package, platform)
    component: dict[str, Any] = {
        "type": "library",
        "name": package.name,
        "version": package.version,
        "purl": reference,
        "bom-ref": reference,
    }
    if package.licence:
        component["licenses"] = [{"license": {"name": package.licence}}]
    return component


def package_url(package: Package, platform: Platform) -> str:
    """The package's URL (purl), by which scanners look it up."""
    version = quote(package.version, safe=".+-~")
    if package.kind == "deb":
        return f"pkg:deb/debian/{quote(package.name)}@{version}?arch={platform.debian}&distro=debian-12"
    if package.kind == "pypi":
        return f"pkg:pypi/{package.name.lower().replace('_', '-')}@{version}"
    return f"pkg:npm/{quote(package.name, safe='/')}@{version}"

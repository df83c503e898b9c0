from __future__ import annotations

import json
from pathlib import Path

from images import sbom
from images.packages import Package
from pipelines.image import layout, platforms
from pipelines.image.layer import File, in_memory

AMD64 = platforms.find("linux/amd64")


def test_each_world_has_its_urls() -> None:
    urls = [
        sbom.package_url(package, AMD64)
        for package in (
            Package("deb", "libc6", "1:2.36-9+deb12u14"),
            Package("pypi", "Ruamel_Yaml", "0.19"),
            Package("npm", "@colors/colors", "1.6.1"),
        )
    ]
    assert urls == [
        "pkg:deb/debian/libc6@1%3A2.36-9+deb12u14?arch=amd64&distro=debian-12",
        "pkg:pypi/ruamel-yaml@0.19",
        "pkg:npm/%40colors/colors@1.6.1",
    ]


def test_the_same_packages_are_the_same_document() -> None:
    packages = [Package("deb", "b", "1"), Package("pypi", "a", "2", "MIT")]
    one = sbom.document("hub", "sha256:1", packages, AMD64)
    assert one == sbom.document("hub", "sha256:1", reversed(packages), AMD64)
    assert (one["bomFormat"], one["specVersion"]) == ("CycloneDX", "1.6")
    assert one["metadata"]["component"]["version"] == "sha256:1"
    assert one["components"][1]["licenses"] == [{"license": {"name": "MIT"}}]
    references = [component["bom-ref"] for component in one["components"]]
    assert len(set(references)) == len(references) == 2


def test_it_is_read_from_the_layers(tmp_path: Path) -> None:
    below = in_memory("base", {"var/lib/dpkg/status.d/a": File(b"Package: a\nVersion: 1\n")})
    above = in_memory("env", {"x/b-2.dist-info/METADATA": File(b"Name: b\nVersion: 2\n")})
    layout.write(tmp_path / "image", layout.Content((below, above), AMD64, {}), "x")
    assert sbom.write("hub", tmp_path / "image", AMD64, tmp_path / "hub.json") == 2
    document = json.loads((tmp_path / "hub.json").read_text())
    assert [each["name"] for each in document["components"]] == ["a", "b"]
    assert document["metadata"]["component"]["version"] == layout.read(tmp_path / "image")[0].digest

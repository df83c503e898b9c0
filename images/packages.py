"""What is installed in an image, read from its own files: Debian's packages, Python's and node's."""

from __future__ import annotations

import email.parser
import json
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath

_STATUS = "var/lib/dpkg/status"


@dataclass(frozen=True, order=True)
class Package:
    """One installed package. `kind` is what package URLs call its world: deb, pypi or npm."""

    kind: str
    name: str
    version: str
    licence: str = ""


def read(tar: tarfile.TarFile) -> set[Package]:
    """All packages whose own description lies in the layer `tar`."""
    found: set[Package] = set()
    for member in tar:
        path = PurePosixPath(member.name.removeprefix("./"))
        if not member.isfile():
            continue
        if str(path) == _STATUS or str(path.parent) == f"{_STATUS}.d":
            found |= set(_debian(_text(tar, member)))
        elif path.name == "METADATA" and path.parent.suffix == ".dist-info":
            found.add(_python(_text(tar, member)))
        elif path.name == "package.json" and "node_modules" in path.parts and _is_top(path):
            found |= set(_node(_text(tar, member)))
    return found


def debian_packages(tar: tarfile.TarFile) -> list[Package]:
    """Debian's packages in a root file system."""
    return sorted(package for package in read(tar) if package.kind == "deb")


def _debian(status: str) -> Iterator[Package]:
    for paragraph in status.split("\n\n"):
        fields = email.parser.HeaderParser().parsestr(paragraph.strip() + "\n\n")
        if fields["Package"] and "deinstall" not in (fields["Status"] or ""):
            yield Package("deb", fields["Package"], fields["Version"])


def _python(metadata: str) -> Package:
    fields = email.parser.HeaderParser().parsestr(metadata)
    licence = fields["License-Expression"] or fields["License"] or ""
    return Package("pypi", fields["Name"], fields["Version"], licence if "\n" not in licence else "")


def _node(text: str) -> Iterator[Package]:
    document = json.loads(text)
    licence = document.get("license", "")
    if "name" in document and "version" in document:
        yield Package("npm", document["name"], document["version"], licence if isinstance(licence, str) else "")


def _is_top(path: PurePosixPath) -> bool:
    """Whether it is a package's own description, and not one of a folder inside a package."""
    above = path.parent.parent
    return above.name == "node_modules" or (above.name.startswith("@") and above.parent.name == "node_modules")


def _text(tar: tarfile.TarFile, member: tarfile.TarInfo) -> str:
    content = tar.extractfile(member)
    return content.read().decode(errors="replace") if content else ""

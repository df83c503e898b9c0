"""A base made of Debian packages: mmdebstrap finds, fetches and checks them, and we lay out what they hold.

No package is configured and nothing of it is run, so neither root nor the target's processor is needed, and the
result depends on the packages alone.
"""

from __future__ import annotations

import fnmatch
import io
import os
import shutil
import subprocess
import tarfile
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from pipelines.image.base_lock import Recipe
from pipelines.image.errors import ImageError
from pipelines.image.layer import Entry, File, Folder, Link
from pipelines.image.platforms import Platform

USER = 10001
INSTALL = "install it: sudo apt-get install mmdebstrap"

# What Debian's packages leave to scripts that are not run here.
_OURS: dict[str, Entry] = {
    "etc/passwd": File(
        b"root:x:0:0:root:/:/usr/sbin/nologin\n"
        + f"stillhouse:x:{USER}:{USER}:stillhouse:/:/usr/sbin/nologin\n".encode()
    ),
    "etc/group": File(f"root:x:0:\nstillhouse:x:{USER}:\n".encode()),
    "etc/nsswitch.conf": File(b"passwd: files\ngroup: files\nhosts: files dns\n"),
    "tmp": Folder(0o1777),
    **{name: Folder() for name in ("dev", "proc", "run", "sys")},  # what a runtime mounts
    "usr/bin/python3": Link("python3.11"),
}


def find_tools() -> str | None:
    """What is missing to make a base here and how to mend it; None where all is there."""
    if not shutil.which("mmdebstrap"):
        return f"mmdebstrap is not installed; {INSTALL}"
    if not shutil.which("dpkg-deb"):
        return "dpkg-deb is not installed; install it: sudo apt-get install dpkg"
    return None


def make(
    recipe: Recipe, platform: Platform, versions: Mapping[str, str] | None = None
) -> tuple[dict[str, Entry], dict[str, str]]:
    """The base's files, and the version of each package in it.

    With `versions` exactly those are taken, else the newest. Raises ImageError with mmdebstrap's words where the
    packages can't be had.
    """
    entries: dict[str, Entry] = {}
    found: dict[str, str] = {}
    with tempfile.TemporaryDirectory() as folder:
        _fetch(recipe, platform, versions, Path(folder))
        for package in sorted(Path(folder).glob("*.deb")):
            control = _run("dpkg-deb", "--field", str(package))
            fields = dict(line.split(": ", 1) for line in control.decode().splitlines() if _is_field(line))
            if fields["Package"] in recipe.without:
                continue
            found[fields["Package"]] = fields["Version"]
            entries |= _files(package, recipe)
            # Where scanners look up what is installed in an image without a package manager.
            entries[f"var/lib/dpkg/status.d/{fields['Package']}"] = File(control)
    return entries | _OURS, found


def _fetch(recipe: Recipe, platform: Platform, versions: Mapping[str, str] | None, folder: Path) -> None:
    include = [f"{name}={version}" for name, version in sorted(versions.items())] if versions else recipe.include
    command = [
        "mmdebstrap",
        # Nothing is configured, so an ordinary user can do it without the machine's help.
        f"--mode={'root' if os.geteuid() == 0 else 'chrootless'}",
        *("--variant=extract", "--format=null", f"--architectures={platform.debian}"),
        f"--include={','.join(include)}",
        '--extract-hook=cp "$1"/var/cache/apt/archives/*.deb "$STILLHOUSE_PACKAGES"',
        recipe.suite,
        "/dev/null",
    ]
    lines = sources(recipe.suite)
    _run(*command, *(["-"] if lines else []), stdin=lines, STILLHOUSE_PACKAGES=str(folder))


def sources(suite: str) -> str:
    """This machine's own sources of Debian's `suite`, one a line; empty where it has none (mmdebstrap knows one)."""
    form = "$(ORIGIN)|$(REPO_URI)|$(RELEASE)|$(COMPONENT)"
    if not shutil.which("apt-get"):
        return ""
    listed = subprocess.run(
        ["apt-get", "indextargets", "--format", form, "Identifier: Packages"],
        capture_output=True,
        text=True,
        check=False,
    )
    lines = set()
    for line in listed.stdout.splitlines():
        origin, _, address = line.partition("|")
        uri, release, component = address.rsplit("|", 2)
        ours = release in (suite, f"{suite}-updates", f"{suite}-security") and component == "main"
        # apt knows the origin once it has fetched the lists; before that it prints the field's name.
        if ours and origin in ("Debian", "$(ORIGIN)"):
            lines.add(f"deb {uri} {release} {component}\n")
    return "".join(sorted(lines))


def _files(package: Path, recipe: Recipe) -> dict[str, Entry]:
    """What is kept of one package."""
    entries: dict[str, Entry] = {}
    data = io.BytesIO(_run("dpkg-deb", "--fsys-tarfile", str(package)))
    with tarfile.open(fileobj=data) as tar:
        for member, name in _kept(tar, recipe):
            if member.issym():
                entries[name] = Link(member.linkname)
            elif content := tar.extractfile(member):  # hard links lead to their file
                entries[name] = File(content.read(), executable=bool(member.mode & 0o100))
    return entries


def _kept(tar: tarfile.TarFile, recipe: Recipe) -> Iterator[tuple[tarfile.TarInfo, str]]:
    for member in tar:
        name = member.name.removeprefix("./")
        wanted = any(fnmatch.fnmatchcase(name, pattern) for pattern in recipe.keep)
        if wanted and not any(fnmatch.fnmatchcase(name, pattern) for pattern in recipe.drop):
            yield member, name


def _is_field(line: str) -> bool:
    return ": " in line and not line.startswith(" ")


def _run(*command: str, stdin: str = "", **environment: str) -> bytes:
    done = subprocess.run(
        command, capture_output=True, input=stdin.encode(), env={**os.environ, **environment}, check=False
    )
    if done.returncode:
        raise ImageError(f"{command[0]} failed:\n{reasons(done.stderr.decode(errors='replace'))}")
    return done.stdout


def reasons(said: str) -> str:
    """The lines that tell why: not the progress, and not the commands that mmdebstrap repeats in full."""
    lines = said.strip().splitlines()
    told = [line for line in lines if line.startswith("E: ") and "-oAPT::" not in line and "failed to run" not in line]
    return "\n".join(told or lines[-8:])

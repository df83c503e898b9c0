"""The root file system below all images: Debian packages by mmdebstrap, at the versions that the lock has.

Debian keeps no old versions. Where one of the lock is gone (a security update took its place), the newest is taken
and said so: the image is then as good, but not the one that the lock describes.
"""

from __future__ import annotations

import datetime
import hashlib
import os
import shutil
import subprocess
import tarfile
import tempfile
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from images.errors import BuildError
from images.packages import debian_packages
from pipelines.files import read_json, write_json
from pipelines.image import debian
from pipelines.image.cache import Cache, Kept, key
from pipelines.image.errors import ImageError
from pipelines.image.layer import Layer
from pipelines.image.platforms import Platform

FOLDER = Path("images") / "base"
LOCK = "packages.lock.json"
UPDATE = "python -m images --update-packages"
HOME = "/home/jovyan"
_FORMAT = "1"  # raise it where the hook changes

# Run by mmdebstrap in the finished root. Bytecode is made anew where times no longer count.
_HOOK = f"""
cd "$1"
echo 'stillhouse:x:{debian.USER}:{debian.USER}:stillhouse:{HOME}:/bin/bash' >> etc/passwd
echo 'stillhouse:x:{debian.USER}:' >> etc/group
install -d -o {debian.USER} -g {debian.USER} .{HOME}
find . -name __pycache__ -prune -exec rm -r {{}} +
rm -rf etc/apt/preferences.d/lock etc/apt/sources.list var/lib/apt/* etc/*-
truncate --size 0 etc/hostname etc/hosts etc/resolv.conf
rm -rf run/* tmp/* var/cache/* var/log/* var/lib/dpkg/*-old
find . -xdev -perm /6000 ! -type l -exec chmod ug-s {{}} +
ln -sf python3.11 usr/bin/python3
"""


@dataclass(frozen=True)
class Root:
    """A root file system as a tar, and whether its packages are the lock's."""

    layer: Layer
    locked: bool


def find(project: Path, platform: Platform, cache: Cache, say: Callable[[str], None]) -> Root:
    """The root of `project` for `platform`; made where the cache has none (a minute, once).

    One that is not of the lock's versions is made anew the next day: then there may be newer ones.
    """
    locked = _locked(project, platform)
    exact = _key(project, platform)
    newest = key(exact, datetime.datetime.now(datetime.UTC).date().isoformat())
    for name in (exact, newest):
        if kept := cache.find("root", name):
            _tell(kept.about, say)
            return Root(kept.layers[0], not kept.about["other"])
    say(f"base: fetching {len(locked) or 'the newest'} packages of Debian (once, about a minute)")
    layer, versions = _make(project, platform, locked, cache)
    other = {name: version for name, version in versions.items() if locked.get(name) != version}
    other |= {name: "" for name in locked if name not in versions}
    kept = Kept((layer,), {"other": other})
    cache.keep(newest if other else exact, kept)
    _tell(kept.about, say)
    return Root(layer, not other)


def update(project: Path, platform: Platform, cache: Cache, say: Callable[[str], None]) -> Path:
    """Make the root of the newest packages, and write their versions into the lock."""
    say(f"base: fetching Debian's newest packages for {platform.name}")
    layer, versions = _make(project, platform, {}, cache)
    path = project / FOLDER / LOCK
    platforms = (read_json(path) or {"platforms": {}})["platforms"]
    write_json(path, {"platforms": {**platforms, platform.name: versions}})
    cache.keep(_key(project, platform), Kept((layer,), {"other": {}}))
    return path


def _key(project: Path, platform: Platform) -> str:
    recipe = (project / FOLDER / "packages.toml").read_text(encoding="utf-8")
    return key("root", _FORMAT, _HOOK, recipe, platform.name, repr(sorted(_locked(project, platform).items())))


def _tell(about: Mapping[str, Any], say: Callable[[str], None]) -> None:
    if about["other"]:
        names = ", ".join(sorted(about["other"]))
        say(
            f"base: NOTICE: Debian no longer has the locked versions of {names}; the newest are taken, so the images' "
            f"digests are not those of other machines. To lock the newest: {UPDATE}, then commit {FOLDER / LOCK}"
        )


def _locked(project: Path, platform: Platform) -> dict[str, str]:
    lock = read_json(project / FOLDER / LOCK) or {"platforms": {}}
    return dict(lock["platforms"].get(platform.name, {}))


def _make(project: Path, platform: Platform, locked: Mapping[str, str], cache: Cache) -> tuple[Layer, dict[str, str]]:
    if not shutil.which("mmdebstrap"):
        raise BuildError(f"the base can't be made here: mmdebstrap is not installed; {debian.INSTALL}")
    recipe = tomllib.loads((project / FOLDER / "packages.toml").read_text(encoding="utf-8"))
    with tempfile.TemporaryDirectory() as folder, cache.aside() as tar:
        # apt takes the newest where a pinned version is not there: that is seen, and told, afterwards.
        preferences = Path(folder) / "preferences"
        pins = [f"Package: {name}\nPin: version {version}\nPin-Priority: 1001\n" for name, version in locked.items()]
        preferences.write_text("\n".join(pins), encoding="utf-8")
        lines = debian.sources(recipe["suite"])
        _run([*_command(recipe, platform, preferences, tar), *(["-"] if lines else [])], lines)
        with tarfile.open(tar) as root:
            versions = {package.name: package.version for package in debian_packages(root)}
        digest, size = _hash(tar)
        return Layer("root", digest, size, digest, path=cache.add(tar, digest)), versions


def _command(recipe: Mapping[str, Any], platform: Platform, preferences: Path, tar: Path) -> list[str]:
    paths = recipe["paths"]
    return [
        *("mmdebstrap", f"--mode={'root' if os.geteuid() == 0 else 'unshare'}", "--variant=essential", "--format=tar"),
        *(f"--architectures={platform.debian}", '--aptopt=APT::Install-Recommends "false"'),
        *(f"--dpkgopt=path-exclude={pattern}" for pattern in paths["exclude"]),
        *(f"--dpkgopt=path-include={pattern}" for pattern in paths["include"]),
        f"--include={','.join(recipe['include'])}",
        "--skip=cleanup/apt",  # it would ask the sources again, and the hook removes them
        f'--setup-hook=install -D {preferences} "$1"/etc/apt/preferences.d/lock',
        f"--customize-hook={_HOOK}",
        *(recipe["suite"], str(tar)),
    ]


def _run(command: list[str], stdin: str) -> None:
    done = subprocess.run(
        command,
        input=stdin,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "SOURCE_DATE_EPOCH": "0"},
    )
    if done.returncode:
        raise ImageError(f"the base can't be made: mmdebstrap failed:\n{debian.reasons(done.stderr)}")


def _hash(path: Path) -> tuple[str, int]:
    with path.open("rb") as file:
        return f"sha256:{hashlib.file_digest(file, 'sha256').hexdigest()}", path.stat().st_size

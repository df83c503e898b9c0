"""The programs that build images from Dockerfiles: buildah, podman or docker, whichever is there."""

from __future__ import annotations

import os
import shutil
import subprocess
import tarfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from images.errors import BuildError
from images.layers import Saved, read_folder, read_layout


class Tool(Protocol):
    """What builds an image and hands it out; it keeps its images in a store of its own, by name."""

    def build(self, name: str, context: Path, base: str | None) -> None:
        """Build the image `name` from the Dockerfile in `context`, on `base`."""
        ...

    def id_of(self, name: str) -> str:
        """What the image `name` in the store is; empty where there is none."""
        ...

    def save(self, name: str, folder: Path) -> Saved:
        """Write the image `name` into the new folder `folder`."""
        ...


@dataclass(frozen=True)
class Buildah:
    """buildah, or podman, which speaks the same words. `storage` is a store of ours: nobody else's is touched."""

    name: str
    storage: Path

    def build(self, name: str, context: Path, base: str | None) -> None:
        """Build it with times of 0, step by step, so that steps whose inputs did not change are taken from before."""
        self._run(
            *("build", "--quiet", "--layers", "--timestamp=0", "--format=oci", f"--tag={name}"),
            *(("--build-arg", f"BASE_IMAGE={base}") if base else ()),
            str(context),
        )

    def id_of(self, name: str) -> str:
        """Its configuration's hash."""
        return self._run("images", "--quiet", "--no-trunc", "--filter", f"reference={name}").strip()

    def save(self, name: str, folder: Path) -> Saved:
        """Write it out, and forget the steps of earlier builds that are not part of any image now."""
        if self.name == "podman":
            self._run("save", "--quiet", "--uncompressed", "--format=oci-dir", f"--output={folder}", name)
            self._run("image", "prune", "--force")
            return read_layout(folder)
        self._run("push", "--quiet", "--disable-compression", name, f"dir:{folder}")
        self._run("rmi", "--prune")
        return read_folder(folder)

    def _run(self, *arguments: str) -> str:
        store = (f"--root={self.storage}", f"--runroot={self.storage}-run")
        # In a container or as an ordinary user there may be no other way to isolate; nothing foreign is run.
        return _run([self.name, *store, *arguments], {"BUILDAH_ISOLATION": "chroot"})


@dataclass(frozen=True)
class Docker:
    """docker with BuildKit. Its archive has been an OCI layout since version 25."""

    def build(self, name: str, context: Path, base: str | None) -> None:
        """Build it with BuildKit's own way to times of 0."""
        argument = ("--build-arg", f"BASE_IMAGE={base}") if base else ()
        epoch = ("--build-arg", "SOURCE_DATE_EPOCH=0", "--provenance=false")
        _run(["docker", "build", "--quiet", *epoch, *argument, "--tag", name, str(context)], {})

    def id_of(self, name: str) -> str:
        """Its configuration's hash."""
        return _run(["docker", "images", "--quiet", "--no-trunc", name], {}).strip()

    def save(self, name: str, folder: Path) -> Saved:
        """Unpack the archive that docker writes."""
        folder.mkdir()
        archive = folder / "image.tar"
        _run(["docker", "save", "--output", str(archive), name], {})
        with tarfile.open(archive) as tar:
            tar.extractall(folder, filter="data")
        archive.unlink()
        return read_layout(folder)


def find(storage: Path, which: Callable[[str], str | None] = shutil.which) -> Tool:
    """The tool that is there; BuildError says what to install where none is."""
    for name in ("buildah", "podman"):
        if which(name):
            return Buildah(name, storage)
    if which("docker") and _answers(["docker", "version"]):
        return Docker()
    raise BuildError(
        "images are built by buildah, podman or docker, and none is here (or docker's daemon does not run). "
        "Install one: sudo apt-get install buildah"
    )


def _answers(command: list[str]) -> bool:
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def _run(command: list[str], environment: Mapping[str, str]) -> str:
    done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, **environment}, check=False)
    if done.returncode:
        said = f"{done.stdout}\n{done.stderr}".strip()[-3000:]
        raise BuildError(f"{command[0]} failed:\n{said}\nThe command was: {' '.join(command)}")
    return done.stdout

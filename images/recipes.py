"""Which images there are, what each is built on, and what its Dockerfile finds beside it."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from images import environment, node, root
from pipelines.image import app, compile_sources
from pipelines.image.cache import Cache, key
from pipelines.image.layer import Entry, File, Layer, in_memory
from pipelines.image.platforms import Platform

CODE = "opt/stillhouse"
_PROJECT = ("pipelines", "helm/model", "images/serving", "pyproject.toml", "uv.lock")
_STILLHOUSE = (("stillhouse", "pipelines.cli", "main"),)
_PIPELINE = ("--all-packages", "--no-default-groups", "--group", "serving")


@dataclass(frozen=True)
class Site:
    """Where images are built: for which checkout and platform, with which cache, and who is told of what takes long."""

    project: Path
    platform: Platform
    cache: Cache
    say: Callable[[str], None]


@dataclass(frozen=True)
class Recipe:
    """An image: the name of the one `below`, the groups of its environment, and which code goes in.

    `more` are further groups, in a layer of their own. `code` are paths in the checkout, `programs` the commands
    that the code brings: name, module, function.
    """

    name: str
    below: str | None = None
    groups: tuple[str, ...] = ()
    more: tuple[str, ...] = ()
    code: tuple[str, ...] = ()
    programs: tuple[tuple[str, str, str], ...] = ()

    def key(self, site: Site) -> str:
        """What the image is made from beside the one below it, as one name."""
        parts = [self._dockerfile(site).read_text(encoding="utf-8"), Path(compile_sources.__file__).read_text()]
        if self.name == "base":
            parts.append(root.find(site.project, site.platform, site.cache, site.say).layer.digest)
        if self.groups:
            parts += [
                environment.FORMAT,
                *(environment.export(site.project, each) for each in (self.groups, self.more) if each),
            ]
        if self.name == "proxy":
            parts += [node.FORMAT, (site.project / "images" / "proxy" / "package-lock.json").read_text()]
        if self._has_code(site):
            parts.append(in_memory("code", self._code(site)).digest)
        return key(self.name, site.platform.name, *parts)

    def lay_out(self, site: Site, folder: Path) -> None:
        """Put what the Dockerfile needs beside it into `folder`."""
        (folder / "Dockerfile").write_bytes(self._dockerfile(site).read_bytes())
        (folder / "compile_sources.py").write_bytes(Path(compile_sources.__file__).read_bytes())
        if self.name == "base":
            _link(folder / "root.tar", root.find(site.project, site.platform, site.cache, site.say).layer)
        elif self.name == "proxy":
            site.say("proxy: installing node and the proxy")
            node.write_tars(site.project, environment.export(site.project, self.groups), site.platform, folder)
        elif self.groups:
            whole = environment.export(site.project, self.groups)
            _link(folder / "environment.tar", environment.layer(whole, "", site.platform, site.cache, site.say))
            if self.more:
                both = environment.export(site.project, (*self.groups, *self.more))
                _link(folder / "more.tar", environment.layer(both, whole, site.platform, site.cache, site.say))
        if self._has_code(site):
            (folder / "code.tar").write_bytes(in_memory("code", self._code(site)).content or b"")

    def _dockerfile(self, site: Site) -> Path:
        return site.project / "images" / self.name / "Dockerfile"

    def _has_code(self, site: Site) -> bool:
        return bool(self.code) or (site.project / "images" / self.name / "files").is_dir()

    def _code(self, site: Site) -> dict[str, Entry]:
        """The project's own files, at the same places below CODE, and the image's settings (its folder `files`)."""
        entries: dict[str, Entry] = {}
        for name in self.code:
            entries |= {f"{CODE}/{path.relative_to(site.project)}": File(path) for path in _sources(site, name)}
        for name, module, function in self.programs:
            entries[f"{environment.FOLDER}/bin/{name}"] = environment.script(module, function)
        if self.code:
            entries |= environment.installed(site.project, f"/{CODE}")
        files = site.project / "images" / self.name / "files"
        return entries | {str(path.relative_to(files)): File(path) for path in files.rglob("*") if path.is_file()}


def _link(tar: Path, layer: Layer) -> None:
    """Let `tar` be the layer's bytes: a link to the cache's file where that goes, else a copy."""
    assert layer.path  # noqa: S101  # the cache's layers lie in files
    try:
        tar.hardlink_to(layer.path)
    except OSError:  # another file system
        shutil.copyfile(layer.path, tar)


def _sources(site: Site, name: str) -> Iterator[Path]:
    top = site.project / name
    if top.is_file():
        yield top
    yield from (path for path in top.rglob("*") if path.is_file() and app.is_source(path, site.project))


RECIPES = {
    recipe.name: recipe
    for recipe in (
        Recipe("base"),
        Recipe("pipeline", "base", _PIPELINE, code=_PROJECT, programs=_STILLHOUSE),
        Recipe("singleuser", "base", _PIPELINE, ("--group", "singleuser"), _PROJECT, _STILLHOUSE),
        Recipe("hub", below="base", groups=("--only-group", "hub"), code=("hub", "pipelines")),
        Recipe("proxy", below="base", groups=("--only-group", "proxy")),
        Recipe("singleuser-gpu", below="singleuser"),
    )
}

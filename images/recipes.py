"""Which images there are, what each is built on, and what its Dockerfile finds beside it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from images import environment, node, root
from pipelines.image import app, compile_sources
from pipelines.image.cache import Cache, key
from pipelines.image.layer import Entry, File, in_memory
from pipelines.image.platforms import Platform

CODE = "opt/stillhouse"
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

    `code` are paths in the checkout, `programs` the commands that the code brings: name, module, function.
    """

    name: str
    below: str | None = None
    groups: tuple[str, ...] = ()
    code: tuple[str, ...] = ()
    programs: tuple[tuple[str, str, str], ...] = ()
    groups_below: tuple[str, ...] = field(default=())

    def key(self, site: Site) -> str:
        """What the image is made from beside the one below it, as one name."""
        parts = [self._dockerfile(site).read_text(encoding="utf-8"), Path(compile_sources.__file__).read_text()]
        if self.name == "base":
            parts.append(root.make_key(site.project, site.platform))
        if self.groups:
            parts += [environment.FORMAT, *self._requirements(site)]
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
            found = root.find(site.project, site.platform, site.cache, site.say)
            assert found.layer.path  # noqa: S101
            (folder / "root.tar").hardlink_to(found.layer.path)
        elif self.name == "proxy":
            site.say("proxy: installing node and the proxy")
            node.write_tars(site.project, self._requirements(site)[0], site.platform, folder)
        elif self.groups:
            site.say(f"{self.name}: installing its environment")
            environment.write_tar(*self._requirements(site), site.platform, folder / "environment.tar")
        if self._has_code(site):
            layer = in_memory("code", self._code(site))
            (folder / "code.tar").write_bytes(layer.content or b"")

    def _dockerfile(self, site: Site) -> Path:
        return site.project / "images" / self.name / "Dockerfile"

    def _requirements(self, site: Site) -> tuple[str, str]:
        whole = environment.export(site.project, self.groups)
        return whole, environment.export(site.project, self.groups_below) if self.groups_below else ""

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
            entries[f"{environment.PACKAGES}/stillhouse.pth"] = File(f"/{CODE}\n".encode())
        files = site.project / "images" / self.name / "files"
        return entries | {str(path.relative_to(files)): File(path) for path in files.rglob("*") if path.is_file()}


def _sources(site: Site, name: str) -> Iterator[Path]:
    top = site.project / name
    if top.is_file():
        yield top
    yield from (path for path in top.rglob("*") if path.is_file() and app.is_source(path, site.project))


RECIPES = {
    recipe.name: recipe
    for recipe in (
        Recipe("base"),
        Recipe(
            "pipeline",
            below="base",
            groups=_PIPELINE,
            code=("pipelines", "helm/model", "images/serving", "pyproject.toml", "uv.lock"),
            programs=(("stillhouse", "pipelines.cli", "main"),),
        ),
        Recipe(
            "singleuser",
            below="pipeline",
            groups=(*_PIPELINE, "--group", "singleuser"),
            groups_below=_PIPELINE,
        ),
        Recipe("hub", below="base", groups=("--only-group", "hub"), code=("hub", "pipelines")),
        Recipe("proxy", below="base", groups=("--only-group", "proxy")),
        Recipe("singleuser-gpu", below="singleuser"),
    )
}

"""Kubernetes and what belongs to it, built from the Go modules pinned in go/; kept by what they were built from."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from tests.cluster.commands import Steps, run
from tests.cluster.layout import PARTS, Layout

_ARGO = "github.com/argoproj/argo-workflows/v3"
_VERSION = "k8s.io/component-base/version"
HELM_PROVIDER = "registry.terraform.io/hashicorp/helm/1.3.2/linux_amd64/terraform-provider-helm_v1.3.2"


@dataclass(frozen=True)
class Module:
    """A go.mod whose `tool`s are built: the linker's flags, the packages and links of one that is vendored.

    `renamed`: the path of a program below the folder it is kept in, where that is not the one Go gives it.
    """

    name: str
    linked: str = ""
    vendored: tuple[str, ...] = ()
    links: dict[str, str] = field(default_factory=dict)
    renamed: dict[str, str] = field(default_factory=dict)

    @property
    def folder(self) -> Path:
        """Where its go.mod is."""
        return PARTS / "go" / self.name

    @property
    def key(self) -> str:
        """What the build depends on; Go itself is left out, for any that can build them does."""
        parts = [(self.folder / name).read_bytes() for name in ("go.mod", "go.sum")]
        recipe = repr((self.linked, self.vendored, sorted(self.links.items()), sorted(self.renamed.items())))
        return hashlib.sha256(b"\0".join([*parts, recipe.encode()])).hexdigest()[:12]


MODULES = (
    Module(
        "kubernetes",
        f"-X {_VERSION}.gitVersion=v1.34.4 -X {_VERSION}.gitMajor=1 -X {_VERSION}.gitMinor=34",
    ),
    Module("etcd", renamed={"v3": "etcd", "server": "etcd"}),
    Module("coredns"),
    Module("local-path"),
    Module(
        "argo",
        f"-X {_ARGO}.version=v3.7.14",
        (f"{_ARGO}/cmd/workflow-controller", f"{_ARGO}/cmd/argoexec"),
        # The module's archive leaves out a symbolic link that its source has.
        {f"{_ARGO}/workflow/executor/osspecific/signal_linux.go": "signal_darwin.go"},
    ),
    Module("metrics-server"),
    Module("versitygw"),
    Module("helm-provider", "-checklinkname=0", renamed={"terraform-provider-helm": HELM_PROVIDER}),
)


def missing(layout: Layout) -> list[str]:
    """The modules that would have to be built."""
    return [module.name for module in MODULES if not _kept(layout, module).is_dir()]


def ensure(layout: Layout, steps: Steps) -> dict[str, Path]:
    """Each program by its name; those that are not kept are built, one module after the other."""
    for module in MODULES:
        kept = _kept(layout, module)
        if not kept.is_dir():
            steps.say(f"  … {module.name}: building (once)")
            _build(module, kept)
            steps.done(f"{module.name} built", ", ".join(sorted(_programs(kept))))
    found: dict[str, Path] = {}
    for module in MODULES:
        found |= _programs(_kept(layout, module))
    return found


def mirror(layout: Layout) -> Path:
    """The folder that Terraform can use as a filesystem_mirror: it holds the helm provider."""
    module = next(module for module in MODULES if module.name == "helm-provider")
    return _kept(layout, module)


def _kept(layout: Layout, module: Module) -> Path:
    return layout.cache / "bin" / f"{module.name}-{module.key}"


def _programs(folder: Path) -> dict[str, Path]:
    return {path.name: path for path in folder.rglob("*") if path.is_file()}


def _build(module: Module, kept: Path) -> None:
    """Build aside, then rename: what is kept is whole."""
    kept.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".aside-", dir=kept.parent) as aside:
        out = Path(aside) / "out"
        out.mkdir()
        flags = ["-trimpath", "-ldflags", f"-s -w {module.linked}".strip(), "-o", f"{out}/"]
        source = _vendored(module, Path(aside)) if module.vendored else module.folder
        what = ["-mod=vendor", *module.vendored] if module.vendored else ["-mod=readonly", "tool"]
        run("go", "build", *flags, *what, cwd=source, env=_environment(), seconds=None)
        for old, new in module.renamed.items():
            if (out / old).is_file() and old != new:
                (out / new).parent.mkdir(parents=True, exist_ok=True)
                (out / old).rename(out / new)
        out.rename(kept)


def _vendored(module: Module, aside: Path) -> Path:
    source = aside / "source"
    shutil.copytree(module.folder, source)
    run("go", "mod", "vendor", cwd=source, env=_environment(), seconds=None)
    for link, target in module.links.items():
        path = source / "vendor" / link
        if not path.exists():
            path.symlink_to(target)
    return source


def _environment() -> dict[str, str]:
    return {"CGO_ENABLED": "0", "GOWORK": "off", "GOTOOLCHAIN": os.environ.get("GOTOOLCHAIN", "auto")}

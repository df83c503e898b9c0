from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from images.build import Builder, layout_of, sbom_of
from images.errors import BuildError
from images.recipes import Site
from pipelines.image import layout
from pipelines.image.cache import Cache


def test_what_lies_below_is_built_first_and_once(site: Site, tool) -> None:
    builder = Builder(site)
    builder.build("pipeline")
    builder.build("hub")
    assert tool.built == ["base", "pipeline", "hub"]


def test_nothing_is_built_twice(site: Site, tool) -> None:
    first = Builder(site).build("singleuser")
    tool.built.clear()
    assert Builder(site).build("singleuser") == first
    assert tool.built == []


@pytest.mark.parametrize(
    ("changed", "built"),
    [
        ("pipelines/cli.py", ["pipeline", "singleuser", "hub"]),
        ("hub/jupyterhub_config.py", ["hub"]),
        ("helm/model/Chart.yaml", ["pipeline", "singleuser"]),
        ("images/singleuser/files/etc/gitconfig", ["singleuser"]),
        ("images/proxy/package-lock.json", ["proxy"]),
        ("images/base/Dockerfile", ["base"]),
        ("README.md", []),
    ],
)
def test_only_what_a_change_reaches_is_built(site: Site, tool, changed: str, built: list[str]) -> None:
    names = ("base", "pipeline", "singleuser", "hub", "proxy")
    before = Builder(site)
    for name in names:
        before.build(name)
    tool.built.clear()
    with (site.project / changed).open("a") as file:
        file.write("\n# changed\n")
    after = Builder(site)
    for name in names:
        after.build(name)
    assert tool.built == built


def test_what_the_tool_no_longer_has_is_built_again(site: Site, tool) -> None:
    first = Builder(site).build("pipeline")
    tool.store.clear()
    tool.built.clear()
    assert Builder(site).build("pipeline") == first
    assert tool.built == ["base", "pipeline"]


def test_a_layout_that_is_gone_is_made_again(site: Site, tool) -> None:
    Builder(site).build("base")
    (layout_of(site.project, "base") / "index.json").unlink()
    tool.built.clear()
    Builder(site).build("base")
    assert tool.built == ["base"]


def test_layers_are_kept_once(site: Site, tool) -> None:
    builder = Builder(site)
    builder.build("pipeline")
    builder.build("singleuser")
    _, (_, *pipeline) = layout.read(layout_of(site.project, "pipeline"))
    _, (_, *singleuser) = layout.read(layout_of(site.project, "singleuser"))
    mine = {blob.digest: blob.path for blob in singleuser}
    shared = [blob for blob in pipeline if blob.digest in mine]
    assert len(shared) >= 2  # base and environment
    assert all(blob.path.samefile(mine[blob.digest]) for blob in shared)


def test_it_is_told_what_an_image_holds(site: Site, tool) -> None:
    built = Builder(site).build("base")
    assert built.packages == 1
    assert "pkg:deb/debian/tini@1.0" in sbom_of(site.project, "base").read_text()
    assert built.size == sum(blob.size for blob in layout.read(layout_of(site.project, "base"))[1][1:])


def test_on_a_given_base_ours_is_not_built(site: Site, tool) -> None:
    Builder(site, base=f"registry.example/debian@sha256:{'a' * 64}").build("hub")
    assert tool.built == ["hub"]


def test_a_given_base_that_can_change_is_refused(site: Site) -> None:
    with pytest.raises(BuildError, match="NAME@sha256"):
        Builder(site, base="registry.example/debian:12")


def test_again_builds_all_of_it_and_tells_of_a_difference(
    site: Site, tool, said: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Builder(site).build("hub")
    tool.built.clear()
    Builder(replace(site, cache=Cache(tmp_path / "other")), again=True).build("hub")
    assert tool.built == ["base", "hub"]
    assert not any("NOTICE" in line for line in said)
    build: Callable[..., None] = tool.build

    def differently(name: str, context: Path, base: str | None) -> None:
        (context / "more.tar").write_bytes((context / "code.tar").read_bytes() + bytes(512))
        build(name, context, base)

    Builder(site, again=True).build("base")
    monkeypatch.setattr(tool, "build", differently)
    builder = Builder(site, again=True)
    builder._done["base"] = Builder(site).build("base")
    builder.build("hub")
    assert any(line.startswith("hub: NOTICE: of the same inputs") for line in said)

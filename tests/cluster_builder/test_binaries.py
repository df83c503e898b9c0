"""Programs are built once for what they are built from, whole or not at all."""

import pytest

from tests.cluster import binaries
from tests.cluster.binaries import Module
from tests.cluster.commands import Steps
from tests.cluster.errors import ClusterError

# A Go that makes a program called as the module, and fails where it is told to.
GO = """
case "$1 $2" in
"mod vendor") mkdir -p vendor/a; exit ;;
esac
while [ $# -gt 0 ]; do [ "$1" = -o ] && out=$2; shift; done
[ ! -e "$PWD/fails" ] || { echo "does not compile" >&2; exit 1; }
echo program >"$out/thing"
ls vendor/a >>"$out/thing" 2>/dev/null
exit 0
"""


@pytest.fixture
def one(tmp_path, monkeypatch, program):
    """The only module, in a folder of the test's."""
    parts = tmp_path / "parts"
    (parts / "go" / "one").mkdir(parents=True)
    for name in ("go.mod", "go.sum"):
        (parts / "go" / "one" / name).write_text(name)
    monkeypatch.setattr(binaries, "PARTS", parts)
    module = Module("one")
    monkeypatch.setattr(binaries, "MODULES", (module,))
    program("go", GO)
    return module


def test_it_is_built_once_and_told_with_its_time(layout, one, asked):
    said = []
    assert binaries.missing(layout) == ["one"]
    found = binaries.ensure(layout, Steps(said.append))
    assert found["thing"].read_text() == "program\n"
    assert said[0] == "  … one: building (once)"
    assert said[1].startswith("  ✓ one built")
    assert binaries.missing(layout) == []
    assert binaries.ensure(layout, Steps(said.append)) == found
    assert len(asked()) == 1


@pytest.mark.parametrize("file", ["go.mod", "go.sum"])
def test_another_version_is_another_build(layout, one, file):
    before = binaries.ensure(layout, Steps(lambda _: None))
    (one.folder / file).write_text("other")
    assert binaries.missing(layout) == ["one"]
    assert binaries.ensure(layout, Steps(lambda _: None)) != before


def test_what_did_not_compile_leaves_nothing(layout, one):
    (one.folder / "fails").touch()
    with pytest.raises(ClusterError, match="does not compile"):
        binaries.ensure(layout, Steps(lambda _: None))
    assert list((layout.cache / "bin").iterdir()) == []


def test_a_link_that_the_module_lacks_is_restored(layout, one, monkeypatch):
    module = Module("one", vendored=("a/b",), links={"a/signal_linux.go": "signal_darwin.go"})
    monkeypatch.setattr(binaries, "MODULES", (module,))
    found = binaries.ensure(layout, Steps(lambda _: None))
    assert "signal_linux.go" in found["thing"].read_text()
    assert not (one.folder / "vendor").exists()  # the checkout stays clean


def test_a_program_can_be_kept_by_another_path(layout, one, monkeypatch):
    monkeypatch.setattr(binaries, "MODULES", (Module("one", renamed={"thing": "host/v1/thing_v1"}),))
    found = binaries.ensure(layout, Steps(lambda _: None))
    assert found["thing_v1"].parts[-3:] == ("host", "v1", "thing_v1")


def test_every_module_is_pinned():
    folders = {path.name for path in (binaries.PARTS / "go").iterdir()}
    assert folders == {module.name for module in binaries.MODULES}
    for module in binaries.MODULES:
        assert "tool" in (module.folder / "go.mod").read_text()
        assert (module.folder / "go.sum").stat().st_size

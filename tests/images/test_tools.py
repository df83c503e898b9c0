from __future__ import annotations

import tarfile
from pathlib import Path

import pytest

from images import tools
from images.errors import BuildError
from pipelines.image import layout, platforms
from pipelines.image.layer import File, in_memory

# Notes how it was called, and "writes" an image by copying the one that lies beside it.
PROGRAM = """#!/bin/sh
echo "$0 BUILDAH_ISOLATION=$BUILDAH_ISOLATION $*" >> "$ASKED"
case "$*" in
  *"images --quiet"*) echo sha256:1234 ;;
  *broken*) echo 'Error: no space left' >&2; exit 125 ;;
  *dir:*) for word; do :; done; cp -r "$IMAGE/dir" "${word#dir:}" ;;
  *--output=*) for word; do case "$word" in --output=*) cp -r "$IMAGE/layout" "${word#--output=}" ;; esac; done ;;
  *"save --output"*) cp "$IMAGE/layout.tar" "$3" ;;
  version) exit "${DAEMON:-0}" ;;
esac
"""


@pytest.fixture
def asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where programs note how they were called; PATH has no other programs of the kind."""
    image, bin = tmp_path / "image", tmp_path / "bin"
    layer = in_memory("x", {"a": File(b"1")})
    platform = platforms.find("linux/amd64")
    layout.write(image / "layout", layout.Content((layer,), platform, {"User": "10001:10001"}), "x")
    (image / "dir").mkdir()
    manifest, parts = layout.read(image / "layout")
    (image / "dir" / "manifest.json").write_bytes(manifest.path.read_bytes())
    for blob in parts:
        (image / "dir" / blob.digest[7:]).write_bytes(blob.path.read_bytes())
    with tarfile.open(image / "layout.tar", "w") as tar:
        tar.add(image / "layout", "")
    bin.mkdir()
    for name in ("cp", "sh"):
        (bin / name).symlink_to(f"/bin/{name}")
    monkeypatch.setenv("PATH", str(bin))
    monkeypatch.setenv("IMAGE", str(image))
    monkeypatch.setenv("ASKED", str(tmp_path / "asked"))
    return tmp_path / "asked"


def install(asked: Path, *names: str) -> None:
    for name in names:
        program = asked.parent / "bin" / name
        program.write_text(PROGRAM)
        program.chmod(0o755)


@pytest.mark.parametrize(
    ("here", "taken"), [(("buildah", "podman", "docker"), "buildah"), (("podman", "docker"), "podman")]
)
def test_the_one_without_a_daemon_is_preferred(asked: Path, here: tuple[str, ...], taken: str) -> None:
    install(asked, *here)
    assert tools.find(asked.parent / "store") == tools.Buildah(taken, asked.parent / "store")


def test_docker_is_taken_where_its_daemon_runs(asked: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(asked, "docker")
    assert tools.find(asked.parent) == tools.Docker()
    monkeypatch.setenv("DAEMON", "1")
    with pytest.raises(BuildError, match="apt-get install buildah"):
        tools.find(asked.parent)


def test_without_any_it_says_what_to_install(asked: Path) -> None:
    with pytest.raises(BuildError, match="apt-get install buildah"):
        tools.find(asked.parent)


@pytest.mark.parametrize("name", ["buildah", "podman", "docker"])
def test_an_image_is_built_and_handed_out(asked: Path, name: str) -> None:
    install(asked, name)
    tool = tools.find(asked.parent / "store")
    tool.build("localhost/x:1", asked.parent / "context", "localhost/base:1")
    saved = tool.save("localhost/x:1", asked.parent / "saved")
    built = next(line for line in asked.read_text().splitlines() if " build " in line)
    assert "--build-arg BASE_IMAGE=localhost/base:1" in built
    assert built.endswith(str(asked.parent / "context"))
    assert saved.config["config"] == {"User": "10001:10001"}
    assert [path.read_bytes() for path in saved.layers] == [in_memory("x", {"a": File(b"1")}).content]
    assert tool.id_of("localhost/x:1") == "sha256:1234"


@pytest.mark.parametrize(("name", "words"), [("buildah", "--timestamp=0"), ("docker", "SOURCE_DATE_EPOCH=0")])
def test_no_time_is_built_in(asked: Path, name: str, words: str) -> None:
    install(asked, name)
    tools.find(asked.parent).build("x", asked.parent, None)
    assert words in asked.read_text()
    assert "BASE_IMAGE" not in asked.read_text()


@pytest.mark.parametrize("name", ["buildah", "podman"])
def test_the_store_is_ours_and_what_is_in_no_image_is_forgotten(asked: Path, name: str) -> None:
    install(asked, name)
    tools.find(asked.parent / "store").save("x", asked.parent / "saved")
    lines = asked.read_text().splitlines()
    assert all(f"--root={asked.parent / 'store'}" in line for line in lines)
    assert all("BUILDAH_ISOLATION=chroot" in line for line in lines)
    assert "prune" in lines[-1]


def test_a_failure_is_told_in_the_tools_words(asked: Path) -> None:
    install(asked, "buildah")
    with pytest.raises(BuildError, match="no space left") as caught:
        tools.find(asked.parent).build("broken", asked.parent, None)
    assert "The command was: buildah" in str(caught.value)

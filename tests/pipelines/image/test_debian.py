"""mmdebstrap is a stand-in here that hands over packages made on the spot; the real one's work is run elsewhere."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from pipelines.image import debian, platforms
from pipelines.image.base_lock import Recipe
from pipelines.image.errors import ImageError
from pipelines.image.layer import Entry, File, Folder, Link

AMD64 = platforms.find("linux/amd64")
RECIPE = Recipe("bookworm", ("python",), frozenset({"shell"}), ("usr/*", "etc/*"), ("usr/share/doc/*",))
STAND_IN = """#!/bin/sh
printf '%s\\n' "$@" > "$PACKAGES/arguments"
cat > "$PACKAGES/sources"
cp "$PACKAGES"/*.deb "$STILLHOUSE_PACKAGES"
"""


def package(folder: Path, name: str, version: str, files: dict[str, str], dpkg_deb: str) -> None:
    tree = folder / name
    (tree / "DEBIAN").mkdir(parents=True)
    (tree / "DEBIAN" / "control").write_text(
        f"Package: {name}\nVersion: {version}\nArchitecture: amd64\nMaintainer: nobody\n"
        "Description: a package\n with: more\n"
    )
    for path, text in files.items():
        (tree / path).parent.mkdir(parents=True, exist_ok=True)
        (tree / path).write_text(text)
    (tree / "usr" / "bin").mkdir(parents=True, exist_ok=True)
    (tree / "usr" / "link").symlink_to("bin/python")
    (tree / "usr" / "bin" / name).write_text("#!")
    (tree / "usr" / "bin" / name).chmod(0o4755)
    os.link(tree / "usr" / "bin" / name, tree / "usr" / "bin" / f"{name}-too")
    (tree / "DEBIAN").chmod(0o755)  # whatever the umask: dpkg-deb insists
    subprocess.run([dpkg_deb, "--build", str(tree), str(folder)], check=True, capture_output=True)


@pytest.fixture
def mirror(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, need: Callable[..., list[str]]) -> Path:
    """A folder with two packages, and an mmdebstrap that delivers them and notes its arguments."""
    (dpkg_deb,) = need("dpkg-deb")
    folder = tmp_path / "mirror"
    package(
        folder, "python", "3.11-1", {"usr/lib/os.py": "import", "usr/share/doc/x": "doc", "var/log/x": "log"}, dpkg_deb
    )
    package(folder, "shell", "5", {}, dpkg_deb)
    (folder / "bin").mkdir()
    (folder / "bin" / "mmdebstrap").write_text(STAND_IN)
    (folder / "bin" / "mmdebstrap").chmod(0o755)
    (folder / "bin" / "apt-get").write_text("#!/bin/sh\necho 'Ubuntu|http://mirror.example/|noble|main'\n")
    (folder / "bin" / "apt-get").chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder / 'bin'}:{os.environ['PATH']}")
    monkeypatch.setenv("PACKAGES", str(folder))
    return folder


def test_the_base_is_what_the_recipe_keeps_of_its_packages(mirror: Path) -> None:
    entries, versions = debian.make(RECIPE, AMD64)
    control = entries.pop("var/lib/dpkg/status.d/python")
    theirs: dict[str, Entry] = {name: entry for name, entry in entries.items() if name not in debian._OURS}
    assert versions == {"python": "3.11-1"}
    assert theirs == {
        "usr/lib/os.py": File(b"import"),
        "usr/link": Link("bin/python"),
        "usr/bin/python": File(b"#!", executable=True),
        "usr/bin/python-too": File(b"#!", executable=True),
    }
    assert isinstance(control, File)
    assert isinstance(control.content, bytes)
    assert b"Version: 3.11-1" in control.content


def test_it_has_a_user_who_may_do_nothing_and_room_for_what_a_runtime_mounts(mirror: Path) -> None:
    entries, _ = debian.make(RECIPE, AMD64)
    assert entries["tmp"] == Folder(0o1777)
    assert entries["usr/bin/python3"] == Link("python3.11")
    assert {"proc", "sys", "dev"} <= set(entries)
    passwd = entries["etc/passwd"]
    assert isinstance(passwd, File)
    assert b"stillhouse:x:10001:10001:" in bytes(passwd.content)  # type: ignore[arg-type]


def test_the_locked_versions_are_asked_for(mirror: Path) -> None:
    debian.make(RECIPE, platforms.find("linux/arm64"), {"b": "2", "a": "1:1"})
    arguments = (mirror / "arguments").read_text().splitlines()
    assert "--include=a=1:1,b=2" in arguments
    assert "--architectures=arm64" in arguments
    assert "bookworm" in arguments


def test_root_is_used_where_we_are_root_and_not_needed_where_we_are_not(
    mirror: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for user, mode in ((0, "root"), (1000, "chrootless")):
        monkeypatch.setattr(os, "geteuid", lambda user=user: user)
        debian.make(RECIPE, AMD64)
        assert f"--mode={mode}" in (mirror / "arguments").read_text().splitlines()


def test_the_machines_own_sources_of_the_suite_are_used(mirror: Path) -> None:
    (mirror / "bin" / "apt-get").write_text(
        "#!/bin/sh\ncat <<'END'\n"
        "Debian|http://mirror.example/debian/|bookworm|main\n"
        "Debian|http://mirror.example/debian/|bookworm|contrib\n"
        "Debian|http://mirror.example/debian/|bookworm-backports|main\n"
        "$(ORIGIN)|http://mirror.example/security/|bookworm-security|main\n"
        "Somebody|http://other.example/|bookworm|main\nEND\n"
    )
    debian.make(RECIPE, AMD64)
    assert (mirror / "arguments").read_text().splitlines()[-1] == "-"
    assert (mirror / "sources").read_text().splitlines() == [
        "deb http://mirror.example/debian/ bookworm main",
        "deb http://mirror.example/security/ bookworm-security main",
    ]


def test_where_the_machine_has_no_source_of_the_suite_mmdebstrap_knows_one(mirror: Path) -> None:
    debian.make(RECIPE, AMD64)
    assert (mirror / "arguments").read_text().splitlines()[-1] == "/dev/null"


def test_why_mmdebstrap_failed_is_told_without_its_noise(mirror: Path) -> None:
    (mirror / "bin" / "mmdebstrap").write_text(
        "#!/bin/sh\ncat >&2 <<'END'\nI: running apt-get update...\nE: Version '1' for 'a' was not found\n"
        "E: apt download failed: E: apt-get --yes install a=1 -oAPT::Status-Fd=<$fd> failed\n"
        "E: mmdebstrap failed to run\nEND\nexit 1\n"
    )
    with pytest.raises(ImageError) as caught:
        debian.make(RECIPE, AMD64)
    assert str(caught.value) == "mmdebstrap failed:\nE: Version '1' for 'a' was not found"


def test_where_it_gives_no_reason_its_last_words_are_told(mirror: Path) -> None:
    (mirror / "bin" / "mmdebstrap").write_text("#!/bin/sh\necho 'killed' >&2; exit 137\n")
    with pytest.raises(ImageError, match="mmdebstrap failed:\nkilled"):
        debian.make(RECIPE, AMD64)


@pytest.mark.parametrize("tool", ["mmdebstrap", "dpkg-deb"])
def test_a_missing_tool_is_named_with_the_command_that_installs_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tool: str
) -> None:
    for other in {"mmdebstrap", "dpkg-deb"} - {tool}:
        (tmp_path / other).touch(mode=0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert f"{tool} is not installed" in (debian.find_tools() or "")
    assert "sudo apt-get install" in (debian.find_tools() or "")

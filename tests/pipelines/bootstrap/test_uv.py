"""Where uv comes from."""

import sys
from importlib import metadata

import pytest

from pipelines.bootstrap import uv
from pipelines.bootstrap.steps import StopError

# Pretends to be a Python with pip: notes what was asked for and puts a uv where pip was told to.
FAKE_PIP = """#!/bin/sh
echo "$@" >> "$CALLS"
[ -e "$FAIL" ] && { cat "$FAIL"; exit 1; }
while [ $# -gt 0 ]; do case "$1" in --target) into="$2";; -r) cat "$2" >> "$CALLS";; esac; shift; done
mkdir -p "$into/bin"; echo "the program" > "$into/bin/uv"; chmod +x "$into/bin/uv"
"""


@pytest.fixture
def pip(checkout, monkeypatch):
    """A Python whose pip only pretends, and no uv on PATH."""
    (checkout.programs / "uv").unlink()
    monkeypatch.setattr(sys, "executable", str(checkout.program("python3", FAKE_PIP)))
    monkeypatch.setitem(sys.modules, "pip", sys)  # any module that there is
    return checkout


def test_the_locked_version_is_the_one_installed_here(checkout):
    version, hashes = uv.locked(checkout.root)
    assert version == metadata.version("uv")
    assert len(hashes) > 5


def test_a_lock_file_without_uv_is_told(checkout):
    (checkout.root / "uv.lock").write_text('[[package]]\nname = "uvloop"\nversion = "1"\n')
    with pytest.raises(StopError, match=r"git checkout uv\.lock"):
        uv.locked(checkout.root)


@pytest.mark.parametrize(
    ("told", "good"),
    [
        ("uv 99.0.0 (x86_64-unknown-linux-gnu)", True),
        ("uv 0.100.0", True),
        ("uv 0.4.30", False),
        ("uv", False),
        ("", False),
    ],
)
def test_uv_on_the_path_is_used_where_it_is_new_enough(checkout, told, good):
    program = checkout.program("uv", f"#!/bin/sh\necho '{told}'\n")
    assert uv.find(checkout.root) == (str(program) if good else None)


def test_the_locked_version_itself_is_new_enough(checkout):
    program = checkout.program("uv", f"#!/bin/sh\necho 'uv {uv.locked(checkout.root)[0]}'\n")
    assert uv.find(checkout.root) == str(program)


def test_a_shim_that_does_not_start_is_no_uv(checkout):
    checkout.program("uv", "#!/bin/sh\necho 'uv 99.0.0'; exit 127\n")
    assert uv.find(checkout.root) is None


def test_what_was_got_is_used_from_then_on(pip):
    got = uv.get(pip.root)
    assert got == uv.find(pip.root) == str(uv.home(pip.root))
    assert uv.home(pip.root).read_text() == "the program\n"
    assert list(uv.home(pip.root).parent.iterdir()) == [uv.home(pip.root)]


def test_pip_is_asked_for_the_locked_version_by_its_hashes(pip):
    uv.get(pip.root)
    version, hashes = uv.locked(pip.root)
    asked = pip.calls[-1]
    assert asked.startswith(f"uv=={version} --hash=sha256:")
    assert asked.count("--hash=") == len(hashes)


def test_a_python_without_pip_gets_one_of_its_own_first(pip, monkeypatch):
    monkeypatch.setitem(sys.modules, "pip", None)
    fake = pip.program("python3", '#!/bin/sh\necho "$@" >> "$CALLS"; mkdir -p "$3/bin"; cp_python "$3/bin/python"\n')
    pip.program("pip_python", FAKE_PIP)
    pip.program("cp_python", f'#!/bin/sh\ncat "{pip.programs}/pip_python" > "$1"; chmod +x "$1"\n')
    monkeypatch.setattr(sys, "executable", str(fake))
    uv.get(pip.root)
    assert pip.calls[0].startswith("-m venv ")
    assert pip.calls[1].startswith("-m pip install ")


def test_a_failing_pip_is_told_with_a_mend_and_leaves_nothing(pip):
    (pip.programs / "fail").write_text("ERROR: Could not install packages: [Errno 28] No space left on device")
    with pytest.raises(StopError, match=r"(?s)No space left on device.*The disk is full"):
        uv.get(pip.root)
    assert list(uv.home(pip.root).parent.iterdir()) == []
    assert uv.find(pip.root) is None

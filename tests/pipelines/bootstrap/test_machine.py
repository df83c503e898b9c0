"""What a machine may lack."""

import ast
import os
import sys
from pathlib import Path

import pytest

from pipelines import bootstrap
from pipelines.bootstrap import machine
from pipelines.bootstrap.steps import StopError

MODULES = sorted(Path(bootstrap.__file__).parent.glob("*.py"))


@pytest.mark.parametrize("module", MODULES, ids=lambda path: path.name)
def test_an_old_python_can_read_it(module):
    ast.parse(module.read_text(encoding="utf-8"), feature_version=(3, 8))


@pytest.mark.parametrize("module", MODULES, ids=lambda path: path.name)
def test_it_imports_the_standard_library_and_itself_only(module):
    for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
        for name in names:
            assert name.split(".")[0] in sys.stdlib_module_names or name.startswith("pipelines.bootstrap"), name


def test_a_new_enough_python_goes_on():
    machine.use_new_enough_python(["up"])


def test_an_old_python_hands_over_to_a_newer_one(checkout, monkeypatch):
    checkout.program("python3.12", "#!/bin/sh\nexit 127\n")  # a version manager's shim of what it doesn't have
    newer = checkout.program("python3.11", "#!/bin/sh\n")
    started = []
    monkeypatch.setattr(sys, "version_info", (3, 8, 18))
    monkeypatch.setattr(os, "execv", lambda program, words: started.append((program, words)))
    machine.use_new_enough_python(["up", "--port", "80"])
    assert started == [(str(newer), [str(newer), "-m", "pipelines.bootstrap", "up", "--port", "80"])]


def test_an_old_python_alone_is_told(checkout, monkeypatch):
    monkeypatch.setattr(sys, "version_info", (3, 10, 1))
    with pytest.raises(StopError, match=r"python3 is 3\.10.*apt-get install python3\.11 python3\.11-venv"):
        machine.use_new_enough_python([])


def test_a_checkout_is_no_problem(checkout):
    assert machine.git_problems(checkout.root) == []


def test_another_owner_of_the_checkout_is_told_with_gits_own_mend(checkout):
    checkout.program("git2", "#!/bin/sh\necho 'fatal: detected dubious ownership in repository' >&2; exit 128\n")
    (checkout.programs / "git").unlink()
    (checkout.programs / "git2").rename(checkout.programs / "git")
    mend = f"git config --global --add safe.directory '{checkout.root}'"
    assert machine.git_problems(checkout.root)[0].endswith(mend)


def test_a_folder_that_cannot_be_written_is_told(checkout, monkeypatch):
    monkeypatch.setattr(os, "access", lambda path, mode: path != checkout.root)
    assert "can't be written to" in machine.install_problems(checkout.root, "up", "uv")[0]


def test_a_full_disk_is_told_but_not_where_the_packages_are_already(checkout, monkeypatch):
    monkeypatch.setitem(machine.NEEDED_MB, "up", 10**12)
    assert "MB of disk are needed" in machine.install_problems(checkout.root, "up", "uv")[0]
    (checkout.root / ".venv").mkdir()
    assert machine.install_problems(checkout.root, "up", "uv") == []


@pytest.mark.parametrize("there", ["pip", "ensurepip"])
def test_one_way_to_get_uv_is_enough(checkout, monkeypatch, there):
    for module in {"pip", "ensurepip"} - {there}:
        monkeypatch.setitem(sys.modules, module, None)
    monkeypatch.setitem(sys.modules, there, ast)  # any module that there is
    assert machine.install_problems(checkout.root, "up", None) == []


def test_the_package_named_is_the_one_for_this_python(monkeypatch):
    monkeypatch.setattr(sys, "executable", "/opt/python3.12")
    assert machine.venv_package() == f"python3.{sys.version_info.minor}-venv"
    monkeypatch.setattr(sys, "executable", "/usr/bin/python3")
    assert machine.venv_package() == "python3-venv"

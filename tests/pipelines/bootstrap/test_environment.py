"""When the environment is installed, with what, and what happens to an old or a broken one."""

import json
import os
import shutil
import subprocess
import threading

import pytest

from pipelines.bootstrap import environment
from pipelines.bootstrap.__main__ import set_up
from pipelines.bootstrap.steps import StopError


@pytest.fixture
def installed(checkout):
    """A checkout that is set up for running."""
    set_up(checkout.root, "up")
    return checkout


def test_what_is_installed_is_ready_for_its_purpose_only(installed):
    assert environment.is_ready(installed.root, "up")
    assert not environment.is_ready(installed.root, "all")


def test_the_lock_file_decides_and_everything_is_compiled(installed):
    words = installed.calls[0].split()
    assert words[0] == "sync"
    assert {"--frozen", "--all-packages", "--compile-bytecode"} <= set(words)
    assert "--all-groups" not in words


@pytest.mark.parametrize("name", ["uv.lock", "pyproject.toml", "notebooks/other/pyproject.toml"])
def test_a_change_of_what_is_declared_is_noticed(installed, name):
    path = installed.root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as file:
        file.write("\n# changed\n")
    assert not environment.is_ready(installed.root, "up")
    set_up(installed.root, "up")
    assert environment.is_ready(installed.root, "up")


def test_a_new_time_alone_changes_nothing(installed):
    os.utime(installed.root / "uv.lock", (0, 0))
    set_up(installed.root, "up")
    assert len(installed.calls) == 1


def test_running_after_testing_takes_nothing_away(installed):
    set_up(installed.root, "all")
    set_up(installed.root, "up")
    assert len(installed.calls) == 2
    with (installed.root / "uv.lock").open("a") as file:
        file.write("\n# changed\n")
    set_up(installed.root, "up")
    assert "--all-groups" in installed.calls[1]
    assert "--all-groups" in installed.calls[2]
    assert environment.is_ready(installed.root, "all")


def test_a_moved_checkout_gets_a_new_environment(installed):
    (installed.root / ".venv" / "of the old place").touch()
    moved = installed.root.rename(installed.root.with_name("moved"))
    assert not environment.is_ready(moved, "up")
    set_up(moved, "up")
    assert environment.is_ready(moved, "up")
    assert not (moved / ".venv" / "of the old place").exists()
    assert list((moved / ".stillhouse").glob("old-venv-*")) == []


def test_an_environment_made_by_hand_is_kept_and_completed(checkout):
    (checkout.root / ".venv" / "bin").mkdir(parents=True)
    (checkout.root / ".venv" / "pyvenv.cfg").touch()
    (checkout.root / ".venv" / "mine").touch()
    set_up(checkout.root, "up")
    assert (checkout.root / ".venv" / "mine").exists()


def test_half_an_environment_is_made_anew(checkout):
    (checkout.root / ".venv" / "half").mkdir(parents=True)
    set_up(checkout.root, "up")
    assert not (checkout.root / ".venv" / "half").exists()
    assert environment.is_ready(checkout.root, "up")


def test_a_python_that_is_gone_is_noticed(installed):
    (installed.root / ".venv" / "bin" / "python").unlink()
    assert not environment.is_ready(installed.root, "up")


def test_a_python_that_is_another_one_now_is_noticed(installed):
    python = installed.root / ".venv" / "bin" / "python"
    python.rename(python.with_name("python3.99"))
    python.symlink_to("python3.99")
    assert not environment.is_ready(installed.root, "up")


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"purpose": "all"}', '{"purpose": ["all"]}'])
def test_a_damaged_stamp_counts_as_none(installed, content):
    environment.stamp_path(installed.root).write_text(content)
    assert not environment.is_ready(installed.root, "up")
    set_up(installed.root, "up")
    assert environment.is_ready(installed.root, "up")


def test_a_failed_install_is_not_taken_for_a_finished_one(installed):
    (installed.programs / "fail").write_text("error: killed")
    with pytest.raises(StopError, match="error: killed"):
        set_up(installed.root, "all")
    assert not environment.is_ready(installed.root, "up")
    (installed.programs / "fail").unlink()
    set_up(installed.root, "up")
    assert environment.is_ready(installed.root, "up")


def test_another_active_environment_is_none_of_uvs_business(checkout, monkeypatch):
    monkeypatch.setenv("VIRTUAL_ENV", "/somewhere/else")
    set_up(checkout.root, "up")
    assert (checkout.root / ".venv" / "pyvenv.cfg").read_text() == "virtual: none\n"


def test_the_stamp_says_what_it_is_about(installed):
    stamp = json.loads(environment.stamp_path(installed.root).read_text())
    assert stamp["root"] == str(installed.root)
    assert stamp["purpose"] == "up"


def test_two_at_once_take_turns_and_litter_is_cleared(checkout):
    entered = threading.Event()

    def enter():
        with environment.only_one(checkout.root):
            entered.set()

    other = threading.Thread(target=enter)
    (checkout.root / ".stillhouse" / "old-venv-x" / "venv").mkdir(parents=True)
    with environment.only_one(checkout.root):
        assert not (checkout.root / ".stillhouse" / "old-venv-x").exists()
        other.start()
        assert not entered.wait(0.2)
    assert entered.wait(10)
    other.join()


# --- Notebooks in review ----------------------------------------------------------------------------------------


@pytest.fixture
def changed_notebook(installed, monkeypatch):
    """A checkout with a committed notebook that was then changed."""
    monkeypatch.undo()  # git's diff wants more of PATH than the bootstrap has here
    root = installed.root
    (root / ".gitattributes").write_text("*.ipynb diff=jupyternotebook\n")
    (root / "a b.ipynb").write_text("before\n")
    git = ["git", "-C", str(root), "-c", "user.name=A", "-c", "user.email=a@example.org"]
    subprocess.run([*git, "add", "a b.ipynb"], check=True)
    subprocess.run([*git, "commit", "--quiet", "--message", "A notebook"], check=True)
    (root / "a b.ipynb").write_text("after\n")
    return root


def show_diff(root):
    return subprocess.run(["git", "-C", str(root), "diff"], check=True, capture_output=True, text=True).stdout


def test_notebooks_are_shown_by_nbdime_wherever_the_checkout_is(changed_notebook):
    moved = changed_notebook.rename(changed_notebook.with_name("moved"))
    driver = moved / ".venv" / "bin" / "git-nbdiffdriver"
    driver.write_text('#!/bin/sh\necho "nbdime $1 $2"\n')
    driver.chmod(0o755)
    assert show_diff(moved) == "nbdime diff a b.ipynb\n"


def test_notebooks_are_shown_as_text_where_nbdime_is_gone(changed_notebook):
    shutil.rmtree(changed_notebook / ".venv")
    assert {"-before", "+after"} <= set(show_diff(changed_notebook).splitlines())

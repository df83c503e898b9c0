"""README, the Makefile and the command line tell of the same things."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from pipelines.cli import main

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
TARGETS = dict(re.findall(r"^([a-z-]+):[^#\n]*## (.+)$", MAKEFILE, re.MULTILINE))
CODE = "\n".join(re.findall(r"```.*?```|`[^`\n]+`", README, re.DOTALL))


def commands(group: click.Group, *above: str) -> dict[str, click.Command]:
    """Every command below `group`, by the words that call it."""
    below = {}
    for name, command in group.commands.items():
        below[" ".join([*above, name])] = command
        if isinstance(command, click.Group):
            below.update(commands(command, *above, name))
    return below


COMMANDS = commands(main)
# dvc.yaml calls these; README need not send people to them.
INSIDE = {"step", "gate"}


def test_the_first_screen_says_what_it_is_and_shows_both_commands():
    first = "\n".join(README.splitlines()[:25])
    assert first.startswith("# Stillhouse\n")
    assert "$ make up" in first
    assert "$ make test" in first
    assert "apt-get install git make python3-venv" in first


def test_every_make_target_that_readme_names_is_there_and_the_other_way_round():
    shown = re.sub(r"apt-get install[^`\n]+", "", CODE)
    named = set(re.findall(r"\bmake ([a-z][a-z-]*)", shown))
    assert named == set(TARGETS)


def test_every_command_that_readme_names_is_there_and_the_other_way_round():
    named = set()
    for words in re.findall(r"\bstillhouse ((?:[a-z]+ ?)+)", CODE):
        two = " ".join(words.split()[:2])
        named.add(two if two in COMMANDS else words.split()[0])
    leaves = {name for name, command in COMMANDS.items() if name not in INSIDE}
    assert named == leaves


def test_every_folder_is_in_readmes_tree():
    for entry in ROOT.iterdir():
        if entry.is_dir() and not entry.name.startswith(".") and any(entry.iterdir()):
            assert re.search(rf"^{entry.name}/ +\w", README, re.MULTILINE), f"{entry.name}/ is not in README's tree"


@pytest.mark.parametrize("target", re.findall(r"\]\((?!https?:)([^)#]+)", README))
def test_every_link_leads_somewhere(target):
    assert (ROOT / target).exists()


@pytest.mark.parametrize("name", ["", *COMMANDS])
def test_every_command_has_help(name):
    result = CliRunner().invoke(main, [*name.split(), "--help"])
    assert result.exit_code == 0
    command = COMMANDS.get(name, main)
    assert command.help
    assert command.help.splitlines()[0] in result.output.replace("\n  ", " ") or command.help[:30] in result.output


# --- The Makefile -------------------------------------------------------------------------------------------------


def recipes() -> dict[str, list[str]]:
    """Each rule's recipe lines."""
    rules: dict[str, list[str]] = {}
    for line in MAKEFILE.splitlines():
        if match := re.match(r"^(?!\.PHONY)([\w./-]+):(?!=)", line):
            rules[match[1]] = []
        elif line.startswith("\t"):
            list(rules.values())[-1].append(line.strip())
    return rules


def test_the_makefile_is_short_and_holds_no_programs():
    assert len(TARGETS) <= 15
    for target, lines in recipes().items():
        assert len(lines) <= 2, target
        assert not any(re.search(r"\b(if|for|while|case)\b", line) for line in lines), target


def test_every_target_is_phony_and_has_help():
    phony = re.search(r"^\.PHONY: (.+)$", MAKEFILE, re.MULTILINE)
    assert phony
    assert set(phony[1].split()) == set(TARGETS) == {name for name in recipes() if "/" not in name}


def make(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run make in a folder, as a person does: not as a part of the make that may run these tests."""
    variables = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))}
    command = ["make", "--no-print-directory", *arguments]
    return subprocess.run(command, cwd=folder, env=variables, capture_output=True, text=True)


@pytest.fixture
def fresh(tmp_path):
    """A folder with a space in its name and the Makefile in it, where nothing is set up."""
    (tmp_path / "a folder").mkdir()
    (tmp_path / "a folder" / "Makefile").write_text(MAKEFILE, encoding="utf-8")
    return tmp_path / "a folder"


def test_make_alone_lists_the_targets(fresh):
    told = make(fresh)
    assert told.returncode == 0
    assert told.stdout == make(fresh, "help").stdout
    assert {tuple(line.split(maxsplit=1)) for line in told.stdout.splitlines()} == set(TARGETS.items())


def test_make_down_before_anything_is_set_up_says_so(fresh):
    told = make(fresh, "down")
    assert told.returncode != 0
    assert "Nothing is set up here yet: make up" in told.stderr


def test_make_without_python_says_how_to_get_it(fresh, monkeypatch):
    (fresh / "bin").mkdir()
    for name in ("make", "sh"):
        (fresh / "bin" / name).symlink_to(shutil.which(name))
    monkeypatch.setenv("PATH", str(fresh / "bin"))
    told = make(fresh, "up")
    assert told.returncode != 0
    assert "python3 is missing: sudo apt-get install python3 python3-venv" in told.stderr


@pytest.mark.parametrize("target", sorted(TARGETS))
def test_make_can_say_what_each_target_would_do(target, fresh):
    told = make(fresh, "--dry-run", target)
    assert told.returncode == 0
    assert told.stdout


def test_ci_calls_what_readme_calls():
    lines = (ROOT / ".ci" / "run").read_text(encoding="utf-8").splitlines()
    assert "make test" in lines


def test_pre_commit_fetches_nothing():
    text = (ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8")
    assert re.findall(r"repo: (\S+)", text) == ["local"]
    assert set(re.findall(r"language: (\S+)", text)) == {"system"}
    for program in re.findall(r"entry: (\S+)", text):
        assert program.startswith(".venv/bin/")

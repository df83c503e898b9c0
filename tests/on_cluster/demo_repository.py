"""The demo's repository: this checkout's commit, and what people commit to it, one after the other."""

from __future__ import annotations

import ast
import subprocess
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
IDENTITY = ("-c", "user.name=Ada", "-c", "user.email=ada@example.org")
WHISKY = Path("notebooks/whisky")
DATA = WHISKY / "data" / "whiskies.csv"
CASES = WHISKY / "acceptance.yaml"

# The line that keeps a whisky off its own list, and every check that would stop a commit without it.
GUARD = """\
        # By row, not by distance 0: another item may have the very same profile, and is a fine recommendation.
        distances[row] = np.inf
"""
GUARDED = Path("pipelines/serving/neighbours.py")
CHECKS = {
    WHISKY / "gates/acceptance/test_cases.py": {"test_the_service_gives_the_neighbours_of_the_model"},
    Path("tests/pipelines/serving/test_app.py"): {
        "test_a_recommendation",
        "test_an_item_is_never_recommended_for_itself",
        "test_infer_over_http",
    },
    Path("tests/pipelines/serving/test_neighbours.py"): {
        "test_metrics_worked_out_by_hand",
        "test_nearest_first_and_ties_in_row_order",
        "test_ties_that_differ_by_the_last_bit_are_in_row_order",
        "test_an_item_is_never_its_own_neighbour_even_beside_its_double",
    },
    Path("tests/pipelines/serving/test_protocol.py"): {"test_names_in_neighbours_and_distances_out"},
}

NEW = "Port Still"
ROW = "{number},{name},4,2,4,3,1,0,0,1,1,1,0,0, \tPA42 7DU, 138690,645170\n"
GONE = "Glengoyne"
CASE = "whisky: auchentoshan, expect: Glengoyne,"
MENDED = "whisky: auchentoshan, expect: Cardhu,"
POISON = 30


@dataclass(frozen=True)
class Clone:
    """A person's clone."""

    folder: Path

    def git(self, *arguments: str) -> str:
        """What git says; an error is shown with what it said."""
        command = ["git", *IDENTITY, "-C", str(self.folder), *arguments]
        done = subprocess.run(command, capture_output=True, text=True)
        assert done.returncode == 0, f"git {arguments[0]}: {done.stderr}"
        return done.stdout.strip()

    def commit(self, summary: str) -> str:
        """Commit all changes; the commit."""
        self.git("commit", "--quiet", "--all", "--message", summary)
        return self.head()

    def head(self) -> str:
        """The commit that the branch is at."""
        return self.git("rev-parse", "HEAD")

    def replace(self, path: Path, old: str, new: str) -> None:
        """Change a text that is in a file exactly once."""
        text = (self.folder / path).read_text(encoding="utf-8")
        assert text.count(old) == 1, f"{path} has {old!r} {text.count(old)} times: mend this demo"
        (self.folder / path).write_text(text.replace(old, new), encoding="utf-8")


def begin(folder: Path) -> Clone:
    """A clone of this checkout's commit, its branch called main."""
    subprocess.run(["git", "clone", "--quiet", "--no-hardlinks", str(ROOT), str(folder)], check=True)
    clone = Clone(folder)
    clone.git("checkout", "--quiet", "-B", "main")
    return clone


def introduce_bug(clone: Clone) -> str:
    """Whoever asks for a whisky gets that very whisky: as it was before anybody thought of checking that."""
    clone.replace(GUARDED, GUARD, "")
    for path, names in CHECKS.items():
        leave_out(clone.folder / path, names)
    return clone.commit("Rank the neighbours of every whisky")


def fix_bug(clone: Clone, bug: str) -> str:
    """Code and checks come back."""
    clone.git("revert", "--no-edit", bug)
    clone.git("commit", "--quiet", "--amend", "--message", "Never recommend the whisky that was asked for")
    return clone.head()


def add_whisky(clone: Clone) -> str:
    """A new distillery beside Laphroaig: one line of data."""
    with (clone.folder / DATA).open("a", encoding="utf-8") as data:
        data.write(ROW.format(number=87, name=NEW))
    return clone.commit(f"Add {NEW}")


def remove_whisky(clone: Clone) -> str:
    """A distillery's line goes; an acceptance case still names it."""
    lines = (clone.folder / DATA).read_text(encoding="utf-8").splitlines(keepends=True)
    kept = [line for line in lines if f",{GONE}," not in line]
    assert len(kept) == len(lines) - 1, f"{DATA} has no line of {GONE}: mend this demo"
    (clone.folder / DATA).write_text("".join(kept), encoding="utf-8")
    return clone.commit(f"Remove {GONE}")


def mend_case(clone: Clone) -> str:
    """The case that named it asks for another one."""
    clone.replace(CASES, CASE, MENDED)
    return clone.commit(f"Expect Cardhu where {GONE} was")


def poison(clone: Clone) -> str:
    """Thirty copies of one whisky under made-up names."""
    rows = [ROW.format(number=number, name=f"Fine Port {number}") for number in range(88, 88 + POISON)]
    with (clone.folder / DATA).open("a", encoding="utf-8") as data:
        data.writelines(rows)
    return clone.commit("Add a supplier's list")


def leave_out(path: Path, names: set[str]) -> None:
    """Take functions, with their decorators, out of a Python file."""
    text = path.read_text(encoding="utf-8")
    lines = text.splitlines(keepends=True)
    found = [node for node in ast.parse(text).body if isinstance(node, ast.FunctionDef) and node.name in names]
    missing = names - {node.name for node in found}
    assert not missing, f"{path} has no {', '.join(sorted(missing))}: mend this demo"
    for node in reversed(found):
        first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
        del lines[first - 1 : node.end_lineno]
    path.write_text("".join(lines).rstrip("\n") + "\n", encoding="utf-8")

"""The pipeline beside papermill alone on the same notebooks, and what a run costs that has nothing to do.

Both work in copies of this checkout with an empty cache. papermill alone runs the notebooks one after the other, as
a shell would; it has no gates, no records and no reports, and our time holds all of those.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path

from pipelines.analysis import Analysis, find_analysis
from pipelines.graph import read_steps
from pipelines.workspace import trial

ROUNDS = 3
BIN = Path(sys.executable).parent


def main() -> None:
    """Print the table."""
    analysis = find_analysis("whisky", Path(__file__).parent)
    rounds = [one_round(analysis, number) for number in range(ROUNDS)]
    print(f"{'pipeline, whisky (s)':<52}{'min':>7}{'median':>8}{'max':>7}")
    for name in rounds[0]:
        values = sorted(one[name] for one in rounds)
        print(f"{name:<52}{values[0]:>7.2f}{values[len(values) // 2]:>8.2f}{values[-1]:>7.2f}")


def one_round(analysis: Analysis, number: int) -> dict[str, float]:
    """Seconds of each way, measured once, in turn."""
    with trial(analysis, f"bench-alone-{number}", {}) as copy:
        alone = papermill_alone(copy)
    with trial(analysis, f"bench-run-{number}", {}) as copy:
        fresh_cache(copy)
        cold = seconds([BIN / "stillhouse", "run"], copy.folder)
        again = seconds([BIN / "stillhouse", "run"], copy.folder)
        by_hand = seconds([BIN / "dvc", "repro", "-q"], copy.folder)
        copy.params.write_text(copy.params.read_text().replace("k: 5", "k: 3"))
        changed = seconds([BIN / "stillhouse", "run"], copy.folder)
    return {
        "papermill alone, the notebooks one after the other": alone,
        "stillhouse run, cold, gates and report included": cold,
        "  ratio": cold / alone,
        "stillhouse run, nothing to do": again,
        "dvc repro by hand, nothing to do": by_hand,
        "stillhouse run, k changed": changed,
    }


def papermill_alone(analysis: Analysis) -> float:
    """The sum over the notebooks of what the papermill command takes."""
    (analysis.folder / "build").mkdir()
    total = 0.0
    for step in read_steps(analysis):
        if step.notebook:
            parameters = step.command.split(step.notebook)[1].split()
            total += seconds([BIN / "papermill", step.notebook, "out.ipynb", *parameters], analysis.folder)
    return total


def fresh_cache(analysis: Analysis) -> None:
    """Point DVC at an empty cache, or everything would come from the checkout's."""
    config = analysis.root / ".dvc" / "config"
    config.write_text(config.read_text().split("[cache]")[0] + f"[cache]\n    dir = {tempfile.mkdtemp()}\n")


def seconds(command: list[object], folder: Path) -> float:
    """Wall time of a command that must succeed."""
    began = time.perf_counter()
    done = subprocess.run([str(word) for word in command], cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{command} failed:\n{done.stdout}{done.stderr}")
    return time.perf_counter() - began


if __name__ == "__main__":
    main()

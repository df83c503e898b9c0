"""`python3 -m pipelines.bootstrap up` sets up what running needs; `… all` what tests and linters need too."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from pipelines.bootstrap import environment, machine, port, uv
from pipelines.bootstrap.steps import StopError

ROOT = Path(__file__).resolve().parents[2]


def main(arguments: list[str]) -> int:
    """Set the checkout up and return the exit status; what is wrong goes to stderr, with its mend."""
    parser = argparse.ArgumentParser(prog="python3 -m pipelines.bootstrap", description=__doc__)
    parser.add_argument("purpose", choices=environment.PURPOSES)
    parser.add_argument("--port", type=int, help="the port that must be free, or our own service's")
    chosen = parser.parse_args(arguments)
    try:
        machine.use_new_enough_python(arguments)
        set_up(ROOT, chosen.purpose, chosen.port)
    except StopError as stop:
        print(stop, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nInterrupted. The same command goes on from here.", file=sys.stderr)
        return 130
    return 0


def set_up(root: Path, purpose: str, wanted_port: int | None = None) -> None:
    """Bring `.venv` in line with the lock file; nothing is touched where a prerequisite is missing.

    Raises StopError naming each missing prerequisite, or the step that failed.
    """
    ready = environment.is_ready(root, purpose)
    problems = machine.git_problems(root)
    problems += [] if ready else machine.install_problems(root, purpose, uv.find(root))
    problems += [] if wanted_port is None else port.problems(root, wanted_port)
    if problems:
        raise StopError("\n".join(["Before anything is done:", *(f"  - {line}" for line in problems)]))
    if ready:
        return
    with environment.only_one(root):
        if not environment.is_ready(root, purpose):
            environment.install(root, uv.find(root) or uv.get(root), purpose)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

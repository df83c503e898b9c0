"""The commits of a repository: which one a branch is at, and a clean checkout of one."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from pipelines.cluster.errors import ClusterError

SECONDS = 120
COMMIT = re.compile(r"[0-9a-f]{40}")
# Credentials, where a pod has any, go from its environment to git by way of this; no command line ever shows them.
_HELPER = "!f() { echo username=$STILLHOUSE_GIT_USERNAME; echo password=$STILLHOUSE_GIT_PASSWORD; }; f"


def git(*arguments: str, at: Path | None = None) -> str:
    """What git answers; ClusterError with git's own words where it fails."""
    options = ["-c", f"credential.helper={_HELPER}"] if "STILLHOUSE_GIT_USERNAME" in os.environ else []
    environment = {**os.environ, "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"}
    try:
        done = subprocess.run(
            ["git", *options, *arguments],
            cwd=at,
            env=environment,
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=True,
        )
    except subprocess.CalledProcessError as error:
        raise ClusterError(f"git {arguments[0]}: {error.stderr.strip() or f'exit {error.returncode}'}") from None
    except subprocess.TimeoutExpired:
        raise ClusterError(f"git {arguments[0]}: no answer within {SECONDS} s") from None
    return done.stdout.strip()


def head(repository: str, branch: str) -> str | None:
    """The commit that `branch` is at; None where there is no such branch (yet)."""
    line = git("ls-remote", repository, f"refs/heads/{branch}")
    return line.split()[0] if line else None


def resolve(root: Path, name: str) -> str:
    """The full hash of the commit called `name` in a checkout."""
    try:
        return git("rev-parse", "--verify", "--quiet", f"{name}^{{commit}}", at=root)
    except ClusterError:
        raise ClusterError(f"{root}: there is no commit {name!r}. Fetch it, or name another.") from None


def fetch(repository: str, branch: str, mirror: Path) -> None:
    """Bring the bare clone at `mirror` up to date, making it where it is not there."""
    if not (mirror / "HEAD").is_file():
        git("init", "--quiet", "--bare", str(mirror))
    git("fetch", "--quiet", "--force", repository, f"refs/heads/{branch}:refs/heads/{branch}", at=mirror)


@contextmanager
def checkout(repository: Path, commit: str) -> Iterator[Path]:
    """A clean checkout of `commit` from a clone on this machine; removed afterwards."""
    with TemporaryDirectory(prefix="stillhouse-") as scratch:
        folder = Path(scratch).resolve() / "checkout"
        git("clone", "--quiet", "--shared", "--no-checkout", str(repository), str(folder))
        git("checkout", "--quiet", "--detach", commit, at=folder)
        yield folder

"""Tell authors by a git note on the commit, under refs/notes/stillhouse, where every clone can fetch it."""

from __future__ import annotations

from pathlib import Path

from pipelines.cluster.errors import ClusterError
from pipelines.cluster.source import git

REF = "refs/notes/stillhouse"
TRIES = 5
_IDENTITY = ("-c", "user.name=stillhouse", "-c", "user.email=stillhouse@example.invalid")


def push(clone: Path, repository: str, commit: str, text: str) -> None:
    """Add `text` to what is noted on `commit`, in `clone` and in the repository. Others may note at the same time."""
    for attempt in range(1, TRIES + 1):
        if git("ls-remote", repository, REF):
            git("fetch", "--quiet", "--force", repository, f"{REF}:{REF}", at=clone)
        git(*_IDENTITY, "notes", f"--ref={REF}", "append", "-m", text, commit, at=clone)
        try:
            git("push", "--quiet", repository, f"{REF}:{REF}", at=clone)
            return
        except ClusterError:
            if attempt == TRIES:
                raise

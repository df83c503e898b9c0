"""Watch a branch: whatever is pushed to it runs, once a commit. It lives in the cluster and outlives hiccups."""

from __future__ import annotations

import time
from pathlib import Path

from pipelines.cluster import note, source
from pipelines.cluster.errors import ClusterError
from pipelines.cluster.settings import Settings
from pipelines.cluster.submit import submit
from pipelines.errors import StillhouseError


class Watch:
    """One branch of one repository; `scratch` is where its clone lies."""

    def __init__(self, settings: Settings, scratch: Path) -> None:
        """Start without knowing any commit: what was run before is known by the runs' names."""
        self.settings = settings
        self.mirror = scratch / "repository.git"
        self.seen: str | None = None
        self.trouble = ""

    def forever(self) -> None:
        """Look, submit, sleep; never end."""
        _say(f"watching {self.settings.branch} of {self.settings.repository}")
        while True:
            self.look()
            time.sleep(self.settings.poll)

    def look(self) -> None:
        """Submit what is new. What does not answer is told once, and asked again at the next look."""
        try:
            commit = source.head(self.settings.repository, self.settings.branch)
            if commit and commit != self.seen:
                source.fetch(self.settings.repository, self.settings.branch, self.mirror)
                for analysis in self.settings.analyses:
                    self._submit(analysis, commit)
                self.seen = commit
            self.trouble = ""
        except Exception as error:  # whatever does not answer now may do so at the next look
            trouble = str(error) if isinstance(error, ClusterError) else f"{type(error).__name__}: {error}"
            if trouble != self.trouble:
                _say(f"trying again: {trouble}")
            self.trouble = trouble

    def _submit(self, analysis: str, commit: str) -> None:
        try:
            name, new = submit(self.mirror, analysis, commit, self.settings)
        except ClusterError:
            raise
        except StillhouseError as error:  # the commit's own fault: it will be no better at the next look
            self._refuse(analysis, commit, str(error))
        else:
            _say(f"{name}: submitted" if new else f"{name}: has run already")

    def _refuse(self, analysis: str, commit: str, reason: str) -> None:
        text = f"{analysis} at {commit[:12]} can't be run, and what serves stays as it is:\n{reason}\n"
        _say(text)
        if self.settings.may_push:
            note.push(self.mirror, self.settings.repository, commit, text)


def _say(text: str) -> None:
    print(text, flush=True)

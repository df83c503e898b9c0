"""Releases on this machine: numbered folders with a model and its provenance, and a link to the one that serves."""

from __future__ import annotations

import os
import shutil
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from pipelines import artifact
from pipelines.analysis import Analysis
from pipelines.errors import StillhouseError
from pipelines.files import write_json, write_text
from pipelines.record import Record

CURRENT = "current"
SUMMARY = "summary.json"


@dataclass(frozen=True)
class Release:
    """A released model: its number, its version and where it lies."""

    number: int
    version: str
    folder: Path

    @property
    def model(self) -> Path:
        """The model artifact."""
        return self.folder / "model"


def releases_folder(analysis: Analysis) -> Path:
    """Where the releases of an analysis are kept."""
    return analysis.state / "releases" / analysis.name


def serving_model(analysis: Analysis) -> Path:
    """The path that always leads to the released model: what the service is started on."""
    return releases_folder(analysis) / CURRENT / "model"


def current(analysis: Analysis) -> Release | None:
    """The release that serves; None where there is none, or where its model is damaged."""
    link = releases_folder(analysis) / CURRENT
    if not link.exists():
        return None
    return _load(link.resolve())


def load_all(analysis: Analysis) -> list[Release]:
    """All releases whose models are sound, oldest first."""
    home = releases_folder(analysis)
    folders = [path for path in home.iterdir() if path.name.isdigit()] if home.exists() else []
    found = (_load(folder) for folder in sorted(folders))
    return [release for release in found if release]


def roll_back(analysis: Analysis, number: int | None = None) -> Release:
    """Make an earlier release the current one (the one before it, or the one with this number) and return it."""
    releases = load_all(analysis)
    now = current(analysis)
    if number is None:
        earlier = [release for release in releases if now and release.number < now.number]
        if not earlier:
            raise StillhouseError("there is no earlier release to go back to. List them: stillhouse releases")
        target = earlier[-1]
    else:
        named = [release for release in releases if release.number == number]
        if not named:
            raise StillhouseError(f"there is no sound release {number}. List them: stillhouse releases")
        target = named[0]
    _link(releases_folder(analysis) / CURRENT, target.folder.name)
    return target


def publish(analysis: Analysis, record: Record, image: str | None) -> Release:
    """Release the model that the run of `record` wrote; `image` is its image's digest.

    The release is written aside and then linked, so at every moment the old one or the new one serves. The model
    that serves already is not released again. Raises StillhouseError for a run that did not pass.
    """
    if record.status != "passed":
        raise StillhouseError(f"run {record.id} did not pass its gates, so its model is not released.")
    version = artifact.load(analysis.model).version
    before = current(analysis)
    if before and before.version == version:
        return before
    release = _write(analysis, record, image, version)
    _link(releases_folder(analysis) / CURRENT, release.folder.name)
    return release


def _load(folder: Path) -> Release | None:
    try:
        return Release(int(folder.name), artifact.load(folder / "model").version, folder)
    except artifact.ArtifactError:
        return None


def _write(analysis: Analysis, record: Record, image: str | None, version: str) -> Release:
    home = releases_folder(analysis)
    home.mkdir(parents=True, exist_ok=True)
    number = 1 + max((int(path.name) for path in home.iterdir() if path.name.isdigit()), default=0)
    aside = Path(tempfile.mkdtemp(prefix=".release-", dir=home))
    aside.chmod(0o755)
    try:
        shutil.copytree(analysis.model, aside / "model")
        if analysis.summary.exists():
            shutil.copyfile(analysis.summary, aside / SUMMARY)
        write_json(
            aside / "provenance.json",
            {
                "model": version,
                "image": image,
                "run": record.id,
                "commit": record.commit,
                "dirty": record.dirty,
                "data": record.data,
                "environment": record.environment,
                "metrics": record.metrics,
                "released": datetime.now(UTC).isoformat(timespec="seconds"),
                "by": record.who,
                "where": record.where,
            },
        )
        target = home / f"{number:06d}"
        aside.rename(target)
    except BaseException:
        shutil.rmtree(aside, ignore_errors=True)
        raise
    return Release(number, version, target)


def _link(link: Path, target: str) -> None:
    aside = link.with_name(f".{link.name}-{os.getpid()}")
    aside.unlink(missing_ok=True)
    aside.symlink_to(target)
    aside.replace(link)


def keep_baseline(analysis: Analysis) -> str:
    """Make the released model the one that drift is judged by, and say what to do next.

    Only on purpose: were every release its own measure, data could be moved anywhere in small steps.
    """
    released = current(analysis)
    summary = released.folder / SUMMARY if released else None
    if summary is None or not summary.exists():
        raise StillhouseError("nothing is released here, so there is nothing to judge drift by. Release first: make up")
    if is_baseline(analysis):
        return f"{analysis.released.relative_to(analysis.root)} is that of the released model already"
    write_text(analysis.released, summary.read_text(encoding="utf-8"))
    return f"{analysis.released.relative_to(analysis.root)}: changed. Review and commit it."


def is_baseline(analysis: Analysis) -> bool:
    """Whether drift is judged by the model that is released."""
    released = current(analysis)
    summary = released.folder / SUMMARY if released else None
    if summary is None or not summary.exists() or not analysis.released.exists():
        return False
    return summary.read_bytes() == analysis.released.read_bytes()

"""Find an analysis (a folder in `notebooks/` with a `dvc.yaml`) and name its parts and what it writes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pipelines.errors import StillhouseError

STATE = ".stillhouse"


@dataclass(frozen=True)
class Analysis:
    """One analysis: `root` is the checkout (where `.dvc/` lies), `folder` the analysis in it."""

    root: Path
    folder: Path

    @property
    def name(self) -> str:
        """The analysis's name: that of its folder."""
        return self.folder.name

    @property
    def definition(self) -> Path:
        """The only definition of the steps."""
        return self.folder / "dvc.yaml"

    @property
    def lock(self) -> Path:
        """What DVC knows of the last results: hashes of every step's inputs and outputs."""
        return self.folder / "dvc.lock"

    @property
    def params(self) -> Path:
        """The parameters' file."""
        return self.folder / "params.yaml"

    @property
    def executed(self) -> Path:
        """Where `stillhouse step` leaves executed notebooks."""
        return self.folder / "build" / "executed"

    @property
    def gates(self) -> Path:
        """Where `stillhouse gate` leaves verdicts (`.json`) and JUnit files (`.xml`)."""
        return self.folder / "build" / "gates"

    @property
    def metrics(self) -> Path:
        """Metrics, a flat JSON object of name to number."""
        return self.folder / "build" / "metrics.json"

    @property
    def summary(self) -> Path:
        """The summary of data and model that a release keeps for the next run's drift gate."""
        return self.folder / "build" / "summary.json"

    @property
    def released(self) -> Path:
        """The summary of the last released model: a tracked file."""
        return self.folder / "released.json"

    @property
    def model(self) -> Path:
        """The candidate: the model artifact that the last run wrote."""
        return self.folder / "model"

    @property
    def state(self) -> Path:
        """What is kept on this machine and never in git: records, releases, the service's files."""
        return self.root / STATE

    @property
    def image(self) -> Path:
        """The serving image of the released model, an OCI layout."""
        return self.state / "image" / self.name

    @property
    def service(self) -> Path:
        """The running service's files."""
        return self.state / "service" / self.name


def find_root(start: Path) -> Path:
    """The checkout that holds `start`."""
    for folder in [start, *start.parents]:
        if (folder / ".dvc").is_dir() and (folder / "notebooks").is_dir():
            return folder
    raise StillhouseError(
        f"{start}: this is no Stillhouse checkout (no folder above it has .dvc/ and notebooks/). "
        "Change into the checkout and try again."
    )


def find_analysis(name: str | None = None, start: Path | None = None) -> Analysis:
    """The analysis called `name`; without a name the one we stand in, or the only one there is."""
    here = (start or Path.cwd()).resolve()
    root = find_root(here)
    found = {path.parent.name: path.parent for path in sorted(root.glob("notebooks/*/dvc.yaml"))}
    if name is None:
        inside = [folder for folder in found.values() if here.is_relative_to(folder)]
        candidates = inside or list(found.values())
        if len(candidates) == 1:
            return Analysis(root, candidates[0])
        raise StillhouseError(f"which analysis? Name one of: {', '.join(found) or 'none found in notebooks/'}")
    if name not in found:
        raise StillhouseError(
            f"there is no analysis {name!r} (a folder in notebooks/ with a dvc.yaml). There are: {', '.join(found)}"
        )
    return Analysis(root, found[name])

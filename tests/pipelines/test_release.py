"""Releases: only what passed, whole or not at all, and what serves stays until then."""

from __future__ import annotations

import json
import shutil

import pytest

from pipelines import release
from pipelines.analysis import Analysis
from pipelines.artifact import ArtifactError, load, save
from pipelines.errors import StillhouseError
from pipelines.record import find
from pipelines.release import Release


def publish(analysis: Analysis) -> Release:
    return release.publish(analysis, find(analysis, "latest"), image="sha256:abc")


def change_model(analysis: Analysis) -> str:
    model = load(analysis.model)
    changed = type(model)(model.name, model.kind, model.signature, {**model.params, "k": 9}, model.arrays)
    return save(changed, analysis.model)


def test_a_release_keeps_the_model_and_where_it_came_from(ran: Analysis) -> None:
    made = publish(ran)
    assert made == release.current(ran)
    assert load(release.serving_model(ran)).version == made.version
    provenance = json.loads((made.folder / "provenance.json").read_text())
    assert provenance["run"] == find(ran, "latest").id
    assert provenance["image"] == "sha256:abc"


def test_the_same_model_is_not_released_twice(ran: Analysis) -> None:
    assert publish(ran) == publish(ran)


def test_the_next_release_takes_the_link_and_the_old_one_stays(ran: Analysis) -> None:
    first = publish(ran)
    version = change_model(ran)
    second = publish(ran)
    assert (first.number, second.number) == (1, 2)
    assert load(release.serving_model(ran)).version == version
    assert load(first.model).version == first.version


def test_a_run_that_did_not_pass_is_never_released(ran: Analysis) -> None:
    entry = find(ran, "latest")
    entry.status = "failed"
    with pytest.raises(StillhouseError, match="did not pass its gates"):
        release.publish(ran, entry, None)
    assert release.current(ran) is None


def test_a_damaged_model_is_never_released(ran: Analysis) -> None:
    first = publish(ran)
    (ran.model / "vectors.npy").write_bytes(b"x")
    with pytest.raises(ArtifactError):
        publish(ran)
    assert release.current(ran) == first


def test_a_release_that_breaks_off_leaves_the_old_one_and_no_rubbish(
    ran: Analysis, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = publish(ran)
    change_model(ran)

    def full(*_arguments: object, **_options: object) -> None:
        raise OSError("no space left")

    with monkeypatch.context() as patched:
        patched.setattr(shutil, "copytree", full)
        with pytest.raises(OSError, match="no space left"):
            publish(ran)
    assert release.current(ran) == first
    assert sorted(path.name for path in release.releases_folder(ran).iterdir()) == ["000001", "current"]


def test_the_baseline_moves_only_on_purpose(ran: Analysis) -> None:
    with pytest.raises(StillhouseError, match="nothing is released here"):
        release.keep_baseline(ran)
    ran.released.write_text("{}")
    publish(ran)
    assert ran.released.read_text() == "{}"
    assert not release.is_baseline(ran)
    assert "Review and commit it" in release.keep_baseline(ran)
    assert ran.released.read_text() == ran.summary.read_text()
    assert release.is_baseline(ran)
    assert "already" in release.keep_baseline(ran)


def test_a_damaged_release_is_made_anew(ran: Analysis) -> None:
    first = publish(ran)
    (first.model / "vectors.npy").write_bytes(b"x")
    assert release.current(ran) is None
    second = publish(ran)
    assert second.number == 2
    assert load(release.serving_model(ran)).version == first.version


def test_a_release_without_its_provenance_still_serves(ran: Analysis) -> None:
    first = publish(ran)
    (first.folder / "provenance.json").unlink()
    assert release.current(ran) == first


def test_a_rollback_goes_one_back_or_to_a_number(ran: Analysis) -> None:
    first = publish(ran)
    change_model(ran)
    second = publish(ran)
    assert release.load_all(ran) == [first, second]
    assert release.roll_back(ran) == first
    assert release.current(ran) == first
    assert release.roll_back(ran, 2) == second
    with pytest.raises(StillhouseError, match="no sound release 7"):
        release.roll_back(ran, 7)
    assert release.current(ran) == second


def test_there_is_no_way_back_before_the_first_or_to_a_damaged_one(ran: Analysis) -> None:
    with pytest.raises(StillhouseError, match="no earlier release"):
        release.roll_back(ran)
    first = publish(ran)
    change_model(ran)
    second = publish(ran)
    (first.model / "vectors.npy").write_bytes(b"x")
    with pytest.raises(StillhouseError, match="no earlier release"):
        release.roll_back(ran)
    assert release.current(ran) == second

"""What one pod hands on, and what the next one refuses to take."""

from __future__ import annotations

import pytest

from pipelines.cluster import handover
from pipelines.cluster.errors import ClusterError

OUTS = ("a/model", "a/numbers.csv")


@pytest.fixture
def checkout(tmp_path):
    folder = tmp_path / "first"
    (folder / "a" / "model" / "deep").mkdir(parents=True)
    (folder / "a" / "model" / "x.npy").write_bytes(b"\0\1")
    (folder / "a" / "model" / "deep" / "y.json").write_text("{}")
    (folder / "a" / "numbers.csv").write_text("1,2\n")
    (folder / "a" / "secret.txt").write_text("not declared")
    return folder


@pytest.fixture
def parcel(tmp_path):
    return tmp_path / "parcel"


def files(folder):
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_what_is_packed_is_unpacked_and_nothing_else(checkout, parcel, tmp_path):
    digest = handover.pack(checkout, OUTS, parcel)
    target = tmp_path / "second"
    (target / "a" / "model").mkdir(parents=True)
    (target / "a" / "model" / "old.npy").write_bytes(b"old")
    handover.unpack(parcel, OUTS, digest, target)
    expected = files(checkout)
    del expected["a/secret.txt"]
    assert files(target) == expected


def test_the_digest_is_of_names_and_contents_and_of_no_times(checkout, parcel, tmp_path):
    digest = handover.pack(checkout, OUTS, parcel)
    (checkout / "a" / "numbers.csv").touch()
    assert handover.pack(checkout, reversed(OUTS), tmp_path / "again") == digest
    (checkout / "a" / "numbers.csv").rename(checkout / "a" / "model" / "numbers.csv")
    (checkout / "a" / "numbers.csv").write_text("")
    assert handover.pack(checkout, OUTS, tmp_path / "moved") != digest


def test_a_missing_out_is_named(checkout, parcel):
    with pytest.raises(ClusterError, match=r"a/none.csv: the step declares it in dvc.yaml"):
        handover.pack(checkout, ("a/none.csv",), parcel)


def test_what_was_changed_on_the_way_is_refused(checkout, parcel, tmp_path):
    digest = handover.pack(checkout, OUTS, parcel)
    (parcel / handover.OUTS / "a" / "model" / "x.npy").write_bytes(b"\0\2")
    with pytest.raises(ClusterError, match="somebody changed it in between"):
        handover.unpack(parcel, OUTS, digest, tmp_path / "second")
    assert not (tmp_path / "second").exists()


def test_an_added_file_is_refused(checkout, parcel, tmp_path):
    digest = handover.pack(checkout, OUTS, parcel)
    (parcel / handover.OUTS / "a" / "model" / "more.py").write_text("")
    with pytest.raises(ClusterError, match="somebody changed it in between"):
        handover.verify(parcel, OUTS, digest)


@pytest.mark.parametrize("link", ["a", "a/model", "a/model/x.npy", "a/numbers.csv"])
def test_a_link_is_refused_wherever_it_is(checkout, parcel, tmp_path, link):
    handover.pack(checkout, OUTS, parcel)
    path = parcel / handover.OUTS / link
    elsewhere = tmp_path / "elsewhere"
    path.rename(elsewhere)
    path.symlink_to(elsewhere)
    with pytest.raises(ClusterError, match="only plain files are taken"):
        handover.digest(parcel, OUTS)


def test_a_link_in_the_checkout_leads_nowhere(checkout, parcel, tmp_path):
    digest = handover.pack(checkout, OUTS, parcel)
    target, outside = tmp_path / "second", tmp_path / "outside"
    target.mkdir()
    outside.mkdir()
    (target / "a").symlink_to(outside)
    with pytest.raises(ClusterError, match="it leads out of the checkout"):
        handover.unpack(parcel, OUTS, digest, target)
    assert list(outside.iterdir()) == []


def test_an_empty_folder_is_handed_on(checkout, parcel, tmp_path):
    (checkout / "empty").mkdir()
    digest = handover.pack(checkout, ("empty",), parcel)
    handover.unpack(parcel, ("empty",), digest, tmp_path / "second")
    assert (tmp_path / "second" / "empty").is_dir()


def test_plain_is_no_link(tmp_path):
    (tmp_path / "file").write_text("")
    (tmp_path / "link").symlink_to(tmp_path / "file")
    assert handover.plain(tmp_path / "file")
    assert not handover.plain(tmp_path / "link")
    assert not handover.plain(tmp_path / "none")


def test_remove_takes_files_links_and_folders(tmp_path):
    (tmp_path / "folder" / "deep").mkdir(parents=True)
    (tmp_path / "kept").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "kept")
    for name in ("folder", "link", "none"):
        handover.remove(tmp_path / name)
    assert [path.name for path in tmp_path.iterdir()] == ["kept"]

"""Groups are made ready and removed whole, on machines with the old hierarchies and with the new one."""

import pytest

from tests.cluster import cgroups


@pytest.fixture
def old(tmp_path, monkeypatch):
    """A machine with v1: here its files are plain files, which the kernel would make with each folder."""
    for name in ("cpuset", "memory"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "cgroup.procs").write_text("")
    (tmp_path / "cpuset" / "cpuset.cpus").write_text("0-1\n")
    (tmp_path / "cpuset" / "cpuset.mems").write_text("0\n")
    (tmp_path / "unified").mkdir()
    (tmp_path / "unified" / "cgroup.procs").write_text("")
    (tmp_path / "unified" / "cgroup.controllers").write_text("")
    monkeypatch.setattr(cgroups, "ROOT", tmp_path)
    return tmp_path


def test_the_old_hierarchies_are_all_there_is_but_the_unified_one(old):
    assert [path.name for path in cgroups.hierarchies()] == ["cpuset", "memory"]


def test_the_new_one_is_alone(tmp_path, monkeypatch):
    (tmp_path / "cgroup.controllers").write_text("")
    monkeypatch.setattr(cgroups, "ROOT", tmp_path)
    assert cgroups.hierarchies() == [tmp_path]


def test_a_group_takes_processes_at_once(old, monkeypatch):
    for name in ("a", "a/b"):  # the kernel makes them empty
        (old / "cpuset" / name).mkdir()
        for file in ("cpuset.cpus", "cpuset.mems"):
            (old / "cpuset" / name / file).write_text("\n")
    cgroups.make("a/b")
    assert (old / "cpuset" / "a" / "b" / "cpuset.cpus").read_text() == "0-1\n"
    assert (old / "memory" / "a" / "b").is_dir()


def test_its_processes_are_those_of_all_below_it(old):
    (old / "memory" / "a" / "b").mkdir(parents=True)
    (old / "memory" / "a" / "cgroup.procs").write_text("7\n")
    (old / "memory" / "a" / "b" / "cgroup.procs").write_text("8\n9\n")
    assert cgroups.members("a") == {7, 8, 9}
    assert cgroups.members("none") == set()


def test_it_is_removed_with_all_below_it(old):
    (old / "memory" / "a" / "b" / "c").mkdir(parents=True)
    cgroups.remove("a")
    assert not (old / "memory" / "a").exists()
    cgroups.remove("a")


def test_one_that_can_t_be_removed_is_named(old):
    (old / "memory" / "a").mkdir()
    (old / "memory" / "a" / "cgroup.procs").write_text("7\n")  # here a file keeps it, there a process does
    with pytest.raises(cgroups.ClusterError, match=r"memory/a: .*\{7\}"):
        cgroups.remove("a", seconds=0.1)

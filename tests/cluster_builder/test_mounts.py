"""What is mounted below a folder is found, the last first, whatever its name."""

from pathlib import Path

from tests.cluster import mounts

INFO = """22 1 254:0 / / rw shared:1 - ext4 /dev/vda rw
30 22 0:30 / /run/cluster/a rw - tmpfs tmpfs rw
31 30 0:31 / /run/cluster/a/b\\040c rw - tmpfs tmpfs rw
32 22 0:32 / /run/cluster2 rw - tmpfs tmpfs rw
"""


def test_the_last_mounted_comes_first_and_neighbours_do_not_come():
    assert mounts.below(Path("/run/cluster"), INFO) == [Path("/run/cluster/a/b c"), Path("/run/cluster/a")]


def test_nothing_below_a_folder_is_no_work(tmp_path):
    mounts.unmount(tmp_path)
    assert mounts.below(tmp_path) == []

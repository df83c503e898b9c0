"""What is mounted below a folder, and how it goes."""

from __future__ import annotations

import ctypes
import os
import re
import time
from pathlib import Path

from tests.cluster.errors import ClusterError

_MNT_DETACH = 2
_OCTAL = re.compile(r"\\([0-7]{3})")


def below(folder: Path, mountinfo: str | None = None) -> list[Path]:
    """The mount points below `folder`, the last mounted first."""
    text = Path("/proc/self/mountinfo").read_text() if mountinfo is None else mountinfo
    points = [Path(_OCTAL.sub(lambda match: chr(int(match[1], 8)), line.split()[4])) for line in text.splitlines()]
    return [point for point in reversed(points) if point.is_relative_to(folder)]


def unmount(folder: Path, seconds: float = 5) -> None:
    """Unmount all below `folder`. Raises ClusterError where something stays."""
    libc = ctypes.CDLL(None, use_errno=True)
    deadline = time.monotonic() + seconds
    while points := below(folder):
        for point in points:
            if libc.umount2(os.fsencode(point), 0):
                libc.umount2(os.fsencode(point), _MNT_DETACH)
        if time.monotonic() > deadline:
            raise ClusterError(f"{points[0]}: can't be unmounted ({os.strerror(ctypes.get_errno())})")

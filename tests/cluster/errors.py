"""What can go wrong around the test cluster, told to the person at the keyboard."""

from pipelines.errors import StillhouseError


class ClusterError(StillhouseError):
    """The cluster can't be built, started, found or removed; its text says why and how to mend it."""

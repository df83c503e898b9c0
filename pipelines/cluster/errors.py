"""What goes wrong with runs on a cluster."""

from pipelines.errors import StillhouseError


class ClusterError(StillhouseError):
    """The cluster, its git server or what a step handed on is not what it has to be."""

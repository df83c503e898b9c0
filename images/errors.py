"""What can go wrong while images are built, told to the person at the keyboard."""

from pipelines.errors import StillhouseError


class BuildError(StillhouseError):
    """An image can't be built or pushed; its text says why and how to mend it."""

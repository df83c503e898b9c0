"""What can go wrong while an image is made or pushed, told to the person at the keyboard."""

from pipelines.errors import StillhouseError


class ImageError(StillhouseError):
    """The image can't be assembled, checked or pushed; its text says why and how to mend it."""

"""The errors a person is meant to read: no traceback, one message that says what, where and how to mend it."""


class StillhouseError(Exception):
    """Something that the person at the keyboard can mend; its text says how."""

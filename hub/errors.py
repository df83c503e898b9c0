"""The errors an operator is meant to read: one message that says what, where and how to mend it."""


class HubError(Exception):
    """Something that whoever runs the hub can mend; its text says how."""

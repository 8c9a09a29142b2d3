"""Errors whose text explains to the requester why something is not done."""


class Refused(Exception):
    """Raised instead of doing what was requested. Its text is a sentence for the user."""


class Conflict(Refused):
    """Refused because of the current state, not because of the requester."""

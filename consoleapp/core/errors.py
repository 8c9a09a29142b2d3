"""Why something is not done: said to whoever asked for it."""


class Refused(Exception):
    """Raised instead of doing what was asked; its text is a sentence for the person."""


class Conflict(Refused):
    """Refused because of how things stand, not because of who asks."""

"""The states above a list, with the number of their rows, to filter by."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Chip:
    """One state to filter by."""

    value: str
    label: str
    count: int
    current: bool

"""The states above a list, each with how many rows are in it, to filter by."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Chip:
    """One state to filter by."""

    value: str
    label: str
    count: int
    current: bool

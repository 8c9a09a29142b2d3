"""The states above a list, with the number of their rows, to filter by."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


@dataclass(frozen=True)
class Chip:
    """One state to filter by."""

    value: str
    label: "StrOrPromise"
    count: int
    current: bool

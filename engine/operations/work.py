"""What every function that carries out an operation gets, and how it says how far it is."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from engine.adapters.podman import Podman
from engine.schema.parameters import Result
from engine.schema.progress import Progress

Report = Callable[[Progress], None]


@dataclass(frozen=True)
class Work:
    """One operation being carried out."""

    id: UUID
    podman: Podman
    report: Report
    note: Callable[[str], None]
    """Remember the id of what was just made, in case the engine dies before the end."""
    controllers: frozenset[str]
    """The cgroup controllers that limits can rely on."""


Perform = Callable[[Work, Any], Awaitable[Result]]
Find = Callable[[Work], Awaitable[Result | None]]

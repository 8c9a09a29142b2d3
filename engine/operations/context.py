"""What every function that carries out an operation gets, and how it says how far it is."""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from engine.admission import Admission
from engine.files.image_transfer import Incoming
from engine.files.spool import Files
from engine.podman.client import Podman
from engine.schema.parameters import Result
from engine.schema.progress import Progress
from engine.systemd.inventory import Inventory

Report = Callable[[Progress], None]


@dataclass(frozen=True)
class Work:
    """One operation being carried out."""

    id: UUID
    podman: Podman
    units: Inventory
    report: Report
    note: Callable[[str], None]
    """Remember the id of what was just made, or is about to go, in case the engine dies."""
    noted: str
    """What was remembered when the engine died in the middle of this operation, "" otherwise."""
    controllers: frozenset[str]
    """The cgroup controllers that limits can rely on."""
    files: Files
    """Uploads that came with it, a place to work in, and what it makes for a download."""
    podman_options: list[str]
    """Global options for a `podman` that is run as a program."""
    incoming: Incoming
    """Images that come from other accounts."""
    admission: Admission
    """The host's policy."""
    names: asyncio.Lock
    """Held by what changes image names: Podman reads all names of an image, then writes them."""


class Unsettled(Exception):
    """Raised when nobody can tell what came of an operation that was cut short."""


Perform = Callable[[Work, Any], Coroutine[Any, Any, Result]]
Find = Callable[[Work], Coroutine[Any, Any, Result | None]]

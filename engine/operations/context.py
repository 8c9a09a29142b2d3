"""The context of every function that runs an operation, and its progress reports."""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from engine.admission import Admission
from engine.files.image_transfer import InboundImages
from engine.files.spool import Files
from engine.podman.client import Podman
from engine.schema.parameters import Result
from engine.schema.progress import Progress
from engine.systemd.inventory import Inventory

Report = Callable[[Progress], None]


@dataclass(frozen=True)
class OperationContext:
    """One running operation."""

    id: UUID
    podman: Podman
    units: Inventory
    report: Report
    note: Callable[[str], None]
    """Records the id of what was just created or will be removed, in case the engine dies."""
    noted: str
    """What was recorded before the engine died during this operation; otherwise ""."""
    controllers: frozenset[str]
    """The cgroup controllers that limits can rely on."""
    files: Files
    """Its uploads, a place to work in, and its download."""
    podman_options: list[str]
    """Global options for a `podman` that runs as a program."""
    incoming: InboundImages
    """Images that arrive from other accounts."""
    admission: Admission
    """The host's policy."""
    names: asyncio.Lock
    """Held while changing image names: Podman reads all names of an image, then writes them."""


class Unsettled(Exception):
    """Raised if nobody can tell the outcome of an interrupted operation."""


Handler = Callable[[OperationContext, Any], Coroutine[Any, Any, Result]]
Find = Callable[[OperationContext], Coroutine[Any, Any, Result | None]]

"""A container's data, processes, and changes."""

from collections.abc import AsyncIterator
from typing import Any

from engine.podman import api
from engine.podman.client import Podman
from engine.schema.errors import EngineError, ErrorCode
from engine.schema.messages import msg
from engine.schema.queries import (
    ContainerChanges,
    ContainerInspect,
    ContainerTop,
    Document,
    Table,
)

_CHANGES = {0: "changed", 1: "added", 2: "removed"}


async def inspect(podman: Podman, query: ContainerInspect) -> AsyncIterator[Document]:
    """Answer Podman's own inspect data."""
    yield Document(data=await api.inspect_container(podman, query.container, size=True))


async def running(podman: Podman, container: str) -> dict[str, Any]:
    """Return its inspect data. Raises EngineError if it is not running."""
    found: dict[str, Any] = await api.inspect_container(podman, container)
    if found["State"]["Status"] not in ("running", "paused"):
        raise EngineError(
            ErrorCode.CONFLICT,
            msg("%(container)s is not running.", container=container),
            msg("Start it: only running containers have processes, and use anything."),
        )
    return found


async def top(podman: Podman, query: ContainerTop) -> AsyncIterator[Table]:
    """Answer its processes."""
    # For a container that is not running, Podman reports success with empty output.
    await running(podman, query.container)
    answer = await api.container_processes(podman, query.container)
    yield Table(titles=answer["Titles"], rows=answer["Processes"])


async def changes(podman: Podman, query: ContainerChanges) -> AsyncIterator[Table]:
    """Answer the differences from its image."""
    # By its id: the same call accepts names of images.
    found = await api.inspect_container(podman, query.container)
    answer = await api.container_changes(podman, found["Id"])
    rows: list[list[str | int | float | None]] = [
        [_CHANGES.get(change["Kind"], "changed"), change["Path"]] for change in answer
    ]
    yield Table(titles=["Change", "Path"], rows=rows)

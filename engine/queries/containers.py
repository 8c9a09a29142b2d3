"""What a container is, runs and has changed."""

from collections.abc import AsyncIterator
from typing import Any

from engine.podman import api
from engine.podman.client import Podman
from engine.schema.errors import EngineError, ErrorCode
from engine.schema.queries import (
    ContainerChanges,
    ContainerInspect,
    ContainerTop,
    Document,
    Table,
)

_CHANGES = {0: "changed", 1: "added", 2: "removed"}


async def inspect(podman: Podman, query: ContainerInspect) -> AsyncIterator[Document]:
    """Podman's own inspect data."""
    yield Document(data=await api.inspect_container(podman, query.container, size=True))


async def running(podman: Podman, container: str) -> dict[str, Any]:
    """Its inspect data. Raises EngineError when it does not run."""
    found: dict[str, Any] = await api.inspect_container(podman, container)
    if found["State"]["Status"] not in ("running", "paused"):
        raise EngineError(
            ErrorCode.CONFLICT,
            f"{container} is not running.",
            "Start it: only running containers have processes, and use anything.",
        )
    return found


async def top(podman: Podman, query: ContainerTop) -> AsyncIterator[Table]:
    """Its processes."""
    # Podman answers for one that does not run with a success and no words.
    await running(podman, query.container)
    answer = await api.container_processes(podman, query.container)
    yield Table(titles=answer["Titles"], rows=answer["Processes"])


async def changes(podman: Podman, query: ContainerChanges) -> AsyncIterator[Table]:
    """What differs from its image."""
    # By its id: the same call takes the names of images.
    found = await api.inspect_container(podman, query.container)
    answer = await api.container_changes(podman, found["Id"])
    rows: list[list[str | int | float | None]] = [
        [_CHANGES.get(change["Kind"], "changed"), change["Path"]] for change in answer
    ]
    yield Table(titles=["Change", "Path"], rows=rows)

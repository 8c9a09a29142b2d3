"""What a container is, runs and has changed."""

from collections.abc import AsyncIterator
from typing import Any

from engine.operations.containers import path
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
    yield Document(
        data=await podman.call("GET", path(query.container, "json"), params={"size": "true"})
    )


async def running(podman: Podman, container: str) -> dict[str, Any]:
    """Its inspect data. Raises EngineError when it does not run."""
    found: dict[str, Any] = await podman.call("GET", path(container, "json"))
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
    answer = await podman.call("GET", path(query.container, "top"), params={"stream": "false"})
    yield Table(titles=answer["Titles"], rows=answer["Processes"])


async def changes(podman: Podman, query: ContainerChanges) -> AsyncIterator[Table]:
    """What differs from its image."""
    # By its id: the same call takes the names of images.
    found = await podman.call("GET", path(query.container, "json"))
    answer = await podman.call("GET", path(found["Id"], "changes"))
    rows: list[list[str | int | float | None]] = [
        [_CHANGES.get(change["Kind"], "changed"), change["Path"]] for change in answer or []
    ]
    yield Table(titles=["Change", "Path"], rows=rows)

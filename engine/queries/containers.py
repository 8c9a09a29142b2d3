"""What a container is, runs and has changed."""

from collections.abc import AsyncIterator

from engine.adapters.podman import Podman
from engine.operations.containers import path
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


async def top(podman: Podman, query: ContainerTop) -> AsyncIterator[Table]:
    """Its processes."""
    answer = await podman.call("GET", path(query.container, "top"), params={"stream": "false"})
    yield Table(titles=answer["Titles"], rows=answer["Processes"])


async def changes(podman: Podman, query: ContainerChanges) -> AsyncIterator[Table]:
    """What differs from its image."""
    answer = await podman.call("GET", path(query.container, "changes"))
    rows: list[list[str | int | float | None]] = [
        [_CHANGES.get(change["Kind"], "changed"), change["Path"]] for change in answer or []
    ]
    yield Table(titles=["Change", "Path"], rows=rows)

"""What an image is made of, and what the store uses on disk."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from urllib.parse import quote

from engine.operations.image_names import path
from engine.podman.client import Podman
from engine.schema.queries import Document, ImageHistory, ImageInspect, ManifestInspect, Table


async def inspect(podman: Podman, query: ImageInspect) -> AsyncIterator[Document]:
    """Podman's own inspect data."""
    yield Document(data=await podman.call("GET", path(query.image, "json")))


async def history(podman: Podman, query: ImageHistory) -> AsyncIterator[Table]:
    """Its layers, newest first."""
    answer = await podman.call("GET", path(query.image, "history"))
    yield Table(
        titles=["Id", "Created", "Instruction", "Size", "Comment"],
        rows=[
            [
                str(layer["Id"] or ""),
                datetime.fromtimestamp(layer["Created"], UTC).isoformat(),
                str(layer["CreatedBy"] or ""),
                int(layer["Size"] or 0),
                str(layer["Comment"] or ""),
            ]
            for layer in answer or []
        ],
    )


async def manifest(podman: Podman, query: ManifestInspect) -> AsyncIterator[Document]:
    """A manifest list with its entries. Podman 4.3 and 5.4 keep it alike."""
    yield Document(data=await podman.call("GET", f"/manifests/{quote(query.name, safe='')}/json"))

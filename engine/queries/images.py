"""An image's data, history, and manifest list."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime

from engine.podman import api
from engine.podman.client import Podman
from engine.schema.queries import Document, ImageHistory, ImageInspect, ManifestInspect, Table


async def inspect(podman: Podman, query: ImageInspect) -> AsyncIterator[Document]:
    """Answer Podman's own inspect data."""
    yield Document(data=await api.inspect_image(podman, query.image))


async def history(podman: Podman, query: ImageHistory) -> AsyncIterator[Table]:
    """Answer its history, newest first."""
    answer = await api.image_history(podman, query.image)
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
            for layer in answer
        ],
    )


async def manifest(podman: Podman, query: ManifestInspect) -> AsyncIterator[Document]:
    """Answer a manifest list with its entries. Podman 4.3 and 5.4 store it in the same form."""
    yield Document(data=await api.inspect_manifest(podman, query.name))

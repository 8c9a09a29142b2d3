"""What an image is made of, and what the store uses on disk."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

from engine.adapters.podman import Podman
from engine.operations.images import path
from engine.schema.queries import DiskUse, Document, ImageHistory, ImageInspect, Table


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


async def disk(podman: Podman, query: DiskUse) -> AsyncIterator[Document]:
    """Bytes by noun, and how many of them a prune would give back."""
    answer = await podman.call("GET", "/system/df")
    images = answer.get("Images") or []
    containers = answer.get("Containers") or []
    volumes = answer.get("Volumes") or []
    yield Document(
        data={
            "images": _sum(
                len(images),
                sum(int(image["UniqueSize"]) for image in images)
                + max((int(image["SharedSize"]) for image in images), default=0),
                sum(int(image["UniqueSize"]) for image in images if not image["Containers"]),
            ),
            "containers": _sum(
                len(containers),
                sum(int(each["RWSize"]) for each in containers),
                sum(int(each["RWSize"]) for each in containers if each["Status"] != "running"),
            ),
            "volumes": _sum(
                len(volumes),
                sum(int(volume["Size"]) for volume in volumes),
                sum(int(volume["ReclaimableSize"]) for volume in volumes),
            ),
        }
    )


def _sum(count: int, size: int, reclaimable: int) -> dict[str, Any]:
    return {"count": count, "size": size, "reclaimable": reclaimable}

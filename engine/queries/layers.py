"""The layers of an image with the instruction of each, and the files of a layer."""

import asyncio
import stat
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from engine.podman import api, layer_store
from engine.podman.client import Podman
from engine.podman.layer_store import Entry, StoredLayer
from engine.schema.errors import EngineError, ErrorCode
from engine.schema.layers import (
    FileOfLayer,
    FilesOfLayer,
    ImageLayers,
    Layer,
    LayerFiles,
    LayerList,
)
from engine.schema.messages import msg
from engine.schema.queries import Document

MOST_READ = 1_000_000
"""The maximum number of files of a layer that are examined."""
_TYPES = {"directory": stat.S_IFDIR, "link": stat.S_IFLNK, "pipe": stat.S_IFIFO}


async def layers(podman: Podman, query: ImageLayers) -> AsyncIterator[Document]:
    """Answer its layers from the lowest up, including those that changed no file."""
    inspected = await api.inspect_image(podman, query.image)
    stored = await store(podman)
    digests = digests_of(inspected)
    history = inspected.get("History") or []
    if sum(not step.get("empty_layer") for step in history) != len(digests):
        history = [{}] * len(digests)  # the image has no history, or a wrong one
    found, number = [], 0
    for step in history:
        empty = bool(step.get("empty_layer"))
        layer = None if empty else stored.get(digests[number])
        found.append(
            Layer(
                number=None if empty else number,
                instruction=str(step.get("created_by") or ""),
                comment=str(step.get("comment") or ""),
                created=str(step.get("created") or ""),
                digest="" if empty else digests[number],
                size=layer.size if layer else 0,
                blob_size=layer.blob_size if layer else 0,
            )
        )
        number += not empty
    answer = LayerList(image_id=str(inspected["Id"]), layers=found)
    yield Document(data=answer.model_dump(mode="json"))


async def files(podman: Podman, query: LayerFiles) -> AsyncIterator[Document]:
    """Answer some files of a layer, including removals."""
    digests = digests_of(await api.inspect_image(podman, query.image))
    if query.layer >= len(digests):
        raise EngineError(
            ErrorCode.NOT_FOUND,
            msg(
                "The image has %(digests)s layers, and no layer %(layer)s.",
                digests=len(digests),
                layer=query.layer,
            ),
        )
    layer = in_store(await store(podman), digests[query.layer])
    answer = await asyncio.to_thread(_some, layer, query)
    yield Document(data=answer.model_dump(mode="json"))


async def store(podman: Podman) -> dict[str, StoredLayer]:
    """Return the account's layers by digest."""
    return await asyncio.to_thread(layer_store.layers, *await place(podman))


async def place(podman: Podman) -> tuple[Path, str]:
    """Return the path of the account's storage, and the name of its driver."""
    kept = (await api.info(podman))["store"]
    return Path(kept["graphRoot"]), str(kept["graphDriverName"])


def digests_of(inspected: dict[str, Any]) -> list[str]:
    """Return the digests of an image's layers, lowest first."""
    return [str(digest) for digest in (inspected.get("RootFS") or {}).get("Layers") or []]


def in_store(stored: dict[str, StoredLayer], digest: str) -> StoredLayer:
    """Return the layer. Raises EngineError if it is in another store."""
    if digest not in stored:
        raise EngineError(
            ErrorCode.NOT_FOUND,
            msg("The layer %(digest)s is not in the account's own store.", digest=digest[:19]),
            msg(
                "It may come from an additional image store of the host. Pull the image to see "
                "more."
            ),
        )
    return stored[digest]


def _some(layer: StoredLayer, query: LayerFiles) -> FilesOfLayer:
    wanted, total, cut = query.search.lower(), 0, False
    found: list[FileOfLayer] = []
    for count, entry in enumerate(layer_store.entries(layer)):
        if count >= MOST_READ:
            cut = True
            break
        if wanted and wanted not in entry.path.lower():
            continue
        if query.offset <= total < query.offset + query.limit:
            found.append(_shown(entry))
        total += 1
    return FilesOfLayer(digest=layer.digest, total=total, cut=cut, files=found)


def _shown(entry: Entry) -> FileOfLayer:
    if entry.kind in ("removed", "emptied"):
        return FileOfLayer(path=entry.path, kind=entry.kind)
    mode = _TYPES.get(entry.kind, stat.S_IFREG) | entry.mode
    return FileOfLayer(
        path=entry.path,
        kind=entry.kind,
        size=entry.size,
        mode=stat.filemode(mode),
        owner=f"{entry.uid}:{entry.gid}",
        target=entry.target,
    )

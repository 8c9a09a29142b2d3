"""Find new images in registries under the names of the account's own images."""

import asyncio
from collections.abc import AsyncIterator

from engine.podman import api
from engine.podman.client import Podman
from engine.queries.remote_images import manifest, meant
from engine.schema.errors import EngineError
from engine.schema.messages import msg
from engine.schema.queries import Document, ImageUpdates
from engine.schema.registry_facts import Update, Updates

_AT_ONCE = 6
_SECONDS = 8.0
"""Seconds for all of them. The console waits 10 s."""


async def updates(podman: Podman, query: ImageUpdates) -> AsyncIterator[Document]:
    """Query the registries, a few at a time. A slow one only leaves its own names unknown."""
    await podman.registry_files.require()
    own = await _own(podman)
    deadline = asyncio.get_running_loop().time() + _SECONDS
    limit = asyncio.Semaphore(_AT_ONCE)

    async def compare(image: str) -> Update:
        if image not in own:
            return Update(
                image=image, state="unknown", problem=msg("The account has no such image.")
            )
        try:
            async with asyncio.timeout_at(deadline), limit:
                digest, raw = await manifest(image)
        except TimeoutError:
            problem = msg("There was no answer in time.")
            return Update(image=image, state="unknown", problem=problem)
        except EngineError as error:
            return Update(image=image, state="unknown", problem=error.report.message)
        state = "same" if meant(digest, raw) & own[image] else "update"
        return Update(image=image, state=state, digest=digest)

    answer = Updates(images=list(await asyncio.gather(*map(compare, query.images))))
    yield Document(data=answer.model_dump(mode="json"))


async def _own(podman: Podman) -> dict[str, set[str]]:
    """Return the digests of each name in the account's storage."""
    return {
        str(name): {
            str(row.get("Digest") or ""),
            f"sha256:{str(row.get('Id') or '').removeprefix('sha256:')}",
            *(str(each).rpartition("@")[2] for each in row.get("RepoDigests") or []),
        }
        for row in await api.list_images(podman)
        for name in row.get("RepoTags") or []
    }

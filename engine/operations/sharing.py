"""`image.share`: copy an image from another account's storage, through both engines and a worker.

The sending engine runs `podman save` into the connection. The receiving engine writes the data to
the operation's own folder, checks it, and lets Podman load it from there: Podman cannot load an
archive from a stream (`podman load` on a pipe writes the same file to its own temporary folder).
Podman never gets an incomplete archive, so there are no incomplete images.
"""

import asyncio
import os
import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import aiohttp

from engine.files.image_transfer import InboundImage
from engine.files.spool import discard
from engine.operations.archives import RESERVE, load_archive
from engine.operations.context import OperationContext
from engine.operations.image_names import ensure
from engine.podman import api
from engine.podman.client import Podman
from engine.podman.errors import understand
from engine.podman.image_copy import end
from engine.process.environment import state_directory
from engine.process.pdeathsig import die_with
from engine.schema.archives import ImageShare, ImageShared
from engine.schema.errors import EngineError, ErrorCode
from engine.schema.messages import msg
from engine.schema.progress import Progress

COMES_WITHIN = 60.0
OUTGOING = "outgoing-"

_PIECE = 256 * 1024


async def share(context: OperationContext, parameters: ImageShare) -> ImageShared:
    """Receive the image from a worker. Raises EngineError if it arrives incompletely."""
    with context.incoming.place(context.id) as coming:
        context.report(Progress(message=msg("Waiting for %(source)s", source=parameters.source)))
        try:
            async with asyncio.timeout(COMES_WITHIN):
                inbound = await coming
        except TimeoutError as error:
            raise EngineError(
                ErrorCode.TIMEOUT,
                msg("Nothing came from %(source)s.", source=parameters.source),
                msg("Try again."),
            ) from error
        if await api.image_exists(context.podman, inbound.image_id):
            inbound.done.set()  # nothing of it is needed
            return await _named(context, parameters, inbound, 0)
        archive = context.files.workplace(context.id) / "image.tar"
        size = await _take(context, parameters, inbound, archive)
    await load_archive(context, archive)
    if not await api.image_exists(context.podman, inbound.image_id):
        raise EngineError(
            ErrorCode.INTERNAL,
            msg(
                "The archive that came from %(source)s has another image than %(image_id)s.",
                source=parameters.source,
                image_id=inbound.image_id[:12],
            ),
            msg("Try again; if it happens again, look at the source's store."),
        )
    return await _named(context, parameters, inbound, size)


async def _take(
    context: OperationContext, parameters: ImageShare, inbound: InboundImage, archive: Path
) -> int:
    room = shutil.disk_usage(archive.parent).free - RESERVE
    size = 0
    try:
        with archive.open("wb", buffering=0) as file:
            async for piece in inbound.chunks:
                size += len(piece)
                if size > room:
                    raise EngineError(
                        ErrorCode.UNAVAILABLE,
                        msg("The account's disk has no room for the image."),
                        msg("Remove unused images first."),
                    )
                await asyncio.to_thread(file.write, piece)
                context.report(
                    Progress(
                        message=msg("Taking it over from %(source)s", source=parameters.source),
                        unit="bytes",
                        current=size,
                        total=max(size, inbound.size),
                    )
                )
    except (aiohttp.ClientError, aiohttp.http.HttpProcessingError, ConnectionError) as error:
        raise EngineError(
            ErrorCode.UNREACHABLE,
            msg(
                "What came from %(source)s broke off after %(size)s bytes. Nothing of it was kept.",
                source=parameters.source,
                size=size,
            ),
            msg("Try again."),
        ) from error
    return size


async def _named(
    context: OperationContext, parameters: ImageShare, inbound: InboundImage, size: int
) -> ImageShared:
    name = parameters.tag or parameters.image
    if inbound.image_id.startswith(name):  # it was requested by its id
        name = ""
    else:
        await ensure(context, name, inbound.image_id)
    image = inbound.image_id[:12]
    if not name:
        summary = msg("The image is here.")
    elif size:
        summary = msg("%(image)s came over as %(name)s.", image=image, name=name)
    else:
        summary = msg(
            "%(image)s was here already, and got the name %(name)s.", image=image, name=name
        )
    return ImageShared(
        summary=summary,
        image_id=inbound.image_id,
        reference=name,
        size=size,
    )


@dataclass(frozen=True)
class Outgoing:
    """An image as a docker-archive, in pieces."""

    image_id: str
    size: int
    chunks: AsyncIterator[bytes]


@asynccontextmanager
async def outgoing(podman: Podman, options: list[str], image: str) -> AsyncIterator[Outgoing]:
    """Yield an image for another account. Leaving the block ends it. Raises EngineError."""
    found = await api.inspect_image(podman, image)
    identity = str(found["Id"])
    with tempfile.TemporaryDirectory(dir=state_directory(), prefix=OUTGOING) as temporary:
        process = await asyncio.create_subprocess_exec(
            *("podman", *options, "save", "--quiet", "--format=docker-archive", identity),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env={**os.environ, "TMPDIR": temporary},  # a killed one leaves a folder there
            preexec_fn=die_with(os.getpid()),
            limit=_PIECE,
        )
        try:
            yield Outgoing(identity, int(found.get("Size") or 0), _chunks(process))
        finally:
            await end(process)


def tidy() -> None:
    """Remove what a killed engine left of outgoing images."""
    for left in state_directory().glob(f"{OUTGOING}*"):
        discard(left)


async def _chunks(process: asyncio.subprocess.Process) -> AsyncIterator[bytes]:
    if process.stdout is None or process.stderr is None:
        raise RuntimeError("a program without pipes")
    words = asyncio.create_task(process.stderr.read())
    while piece := await process.stdout.read(_PIECE):
        yield piece
    output = (await words).decode("utf-8", "replace").strip()
    if status := await process.wait():
        last = output.splitlines()[-1] if output else f"podman save ended with status {status}"
        raise understand(last.removeprefix("Error: "))

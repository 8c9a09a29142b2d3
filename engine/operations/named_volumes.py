"""Named volumes for the data of anonymous volumes: create, fill, and remove them."""

import asyncio
import os
from asyncio.subprocess import PIPE, Process
from contextlib import suppress

from engine.operations.context import OperationContext
from engine.podman import api
from engine.process.cancellation import unstoppable
from engine.schema.errors import EngineError, ErrorCode, Unanswered
from engine.schema.messages import msg
from engine.schema.progress import Progress
from engine.systemd.anonymous_volumes import Unnamed


async def fill(context: OperationContext, volumes: list[Unnamed]) -> None:
    """Create each volume and copy the data into it. On EngineError, all of them are removed."""
    made: list[Unnamed] = []
    try:
        for each in volumes:
            context.report(
                Progress(
                    message=msg(
                        "Copying the data at %(target)s to %(name)s",
                        target=each.target,
                        name=each.name,
                    )
                )
            )
            await api.create_volume(context.podman, each.name)
            made.append(each)
            await _copy(context, each)
    except Unanswered:
        raise  # recovery removes them
    except (EngineError, asyncio.CancelledError):
        await unstoppable(remove(context, made))
        raise


async def remove(context: OperationContext, volumes: list[Unnamed]) -> None:
    """Remove the copies that were created."""
    for each in volumes:
        if await api.volume_exists(context.podman, each.name):
            await api.remove_volume(context.podman, each.name)


async def _copy(context: OperationContext, which: Unnamed) -> None:
    """Run `podman volume export … | podman volume import …`; Podman's API has both only since 5.6.

    The tar format preserves owners and modes.
    """
    podman = ("podman", *context.podman_options, "volume")
    reading, writing = os.pipe()
    running: list[Process] = []
    try:
        try:
            running = [
                await asyncio.create_subprocess_exec(
                    *(*podman, "export", "--", which.volume), stdout=writing, stderr=PIPE
                ),
                await asyncio.create_subprocess_exec(
                    *(*podman, "import", "--", which.name, "-"), stdin=reading, stderr=PIPE
                ),
            ]
        finally:  # otherwise, the reader would never reach the end
            os.close(reading)
            os.close(writing)
        ends = await asyncio.gather(*(process.communicate() for process in running))
    finally:
        for process in running:
            with suppress(ProcessLookupError):
                process.kill()
            await process.wait()
    for process, (_, errors) in zip(running, ends, strict=True):
        if process.returncode:
            output = errors.decode(errors="replace").strip().rpartition("\n")[2]
            raise EngineError(
                ErrorCode.CONFLICT,
                msg(
                    "The data at %(target)s could not be copied into the volume %(name)s: "
                    "%(removeprefix)s",
                    target=which.target,
                    name=which.name,
                    removeprefix=output.removeprefix("Error: "),
                ),
                msg("See whether there is room for the copy on the disk (podman system df)."),
            )

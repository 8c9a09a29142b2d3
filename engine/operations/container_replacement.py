"""`container.replace`: a new container takes the name of the old one, or the old one is restored.

Like `podman run --replace`, but reversible: the command line removes the old container before it
knows whether the new one starts. Named volumes are not affected, and the old container's anonymous
volumes stay as well (`podman volume ls`), as with the command line.
"""

import asyncio
from typing import Any
from uuid import UUID

from engine.operations import container_run
from engine.operations.context import OperationContext
from engine.podman import api
from engine.process.cancellation import heed, unstoppable
from engine.schema.containers import ContainerReplace, ContainerStarted
from engine.schema.errors import EngineError, ErrorCode, Unanswered
from engine.schema.messages import msg


async def run(context: OperationContext, parameters: ContainerReplace) -> ContainerStarted:
    """Pull, rename the old one, start the new one, remove the old one. Undo this on failure."""
    name = parameters.name
    aside = aside_name(name, context.id)
    # An engine that died during this may already have renamed it.
    old = await _inspect(context, aside) or await _inspect(context, name)
    if old is None:
        return await container_run.run(context, parameters)
    if unit := (old["Config"].get("Labels") or {}).get("PODMAN_SYSTEMD_UNIT"):
        raise EngineError(
            ErrorCode.CONFLICT,
            msg(
                "%(name)s belongs to the systemd unit %(unit)s, which would start it again.",
                name=name,
                unit=unit,
            ),
            msg("Change the unit instead."),
        )
    await container_run.prepare(context, parameters)
    ran = old["State"]["Status"] in ("running", "paused", "restarting")
    try:
        if old["Name"] != aside:
            await api.rename_container(context.podman, old["Id"], aside)
            heed()
        if ran:  # before the new one starts, which may use the same ports
            await api.stop_container(context.podman, old["Id"])
            heed()
        started = await container_run.run(context, parameters)
    except Unanswered:
        raise  # recovery looks at the containers
    except (EngineError, asyncio.CancelledError):
        await unstoppable(_put_back(context, old["Id"], name, start=ran))
        raise
    await unstoppable(_remove(context, old["Id"]))
    return started.model_copy(update={"summary": msg("%(name)s was replaced.", name=name)})


async def find(context: OperationContext) -> ContainerStarted | None:
    """Find the new container if the engine died after creating it, or restore the old one."""
    rows = await api.list_containers(context.podman)
    suffix = aside_name("", context.id)
    aside = next((r for r in rows if str(r["Names"][0]).endswith(suffix)), None)
    found, fault = None, None
    try:
        found = await container_run.find(context)
    except Unanswered:
        raise
    except EngineError as error:
        fault = error
    if aside and found:
        await _remove(context, aside["Id"])
    elif aside:
        await _put_back(context, aside["Id"], aside["Names"][0].removesuffix(suffix), start=True)
    if fault:
        raise fault
    return found


def aside_name(name: str, operation: UUID) -> str:
    """Return the temporary name of the old container while the new one starts."""
    return f"{name}.replaced-{operation.hex[:12]}"


async def _inspect(context: OperationContext, container: str) -> dict[str, Any] | None:
    try:
        found: dict[str, Any] = await api.inspect_container(context.podman, container)
    except EngineError as error:
        if error.report.code is ErrorCode.NOT_FOUND:
            return None
        raise
    # Podman also accepts a prefix of an id as a name.
    return found if found["Name"] == container else None


async def _remove(context: OperationContext, identity: str) -> None:
    try:
        await api.remove_container(context.podman, identity, force=True, volumes=False)
    except EngineError as error:
        if error.report.code is not ErrorCode.NOT_FOUND:  # with --rm, its stop removed it
            raise


async def _put_back(context: OperationContext, identity: str, name: str, *, start: bool) -> None:
    try:
        found = await api.inspect_container(context.podman, identity)
        if found["Name"] != name:
            await api.rename_container(context.podman, identity, name)
        if start:
            await api.start_container(context.podman, identity)
    except EngineError as error:
        if error.report.code is not ErrorCode.NOT_FOUND:
            raise

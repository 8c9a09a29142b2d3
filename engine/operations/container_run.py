"""`container.run`: create and start a container, completely or not at all."""

import asyncio
from pathlib import Path
from typing import Any

from engine.operations import pulls
from engine.operations.containers import end_unknown, start_up
from engine.operations.context import OperationContext
from engine.podman import api
from engine.podman.answers import ports_of
from engine.podman.create_spec import specification
from engine.process.cancellation import heed, unstoppable
from engine.schema.containers import OPERATION_LABEL, ContainerRun, ContainerStarted
from engine.schema.errors import EngineError, ErrorCode, Unanswered
from engine.schema.images import ImagePull
from engine.schema.messages import msg


async def run(context: OperationContext, parameters: ContainerRun) -> ContainerStarted:
    """Pull if necessary, create, start. Remove the container on failure or cancellation."""
    try:
        return await _run(context, parameters)
    except asyncio.CancelledError:
        await unstoppable(discard(context))
        raise


async def _run(context: OperationContext, parameters: ContainerRun) -> ContainerStarted:
    check(context, parameters)
    parameters = await context.admission.admit_run(parameters)
    body = specification(parameters, context.id, context.podman.major)
    if context.podman.default_ulimits:
        body["r_limits"] = context.podman.default_ulimits
    if parameters.pull in ("always", "newer"):
        await _pull(context, parameters)
        heed()
    try:
        created = await api.create_container(context.podman, body)
    except EngineError as error:
        if not _lacks_image(error) or parameters.pull == "never":
            raise
        await _pull(context, parameters)
        heed()
        created = await api.create_container(context.podman, body)
    identity = str(created["Id"])
    try:
        context.note(identity)
        heed()
        await context.admission.recheck_binds(identity)
        await start_up(context, identity)
    except Unanswered:
        raise  # recovery looks for it
    except EngineError:
        await unstoppable(_remove(context, identity))  # leave nothing incomplete
        raise
    heed()
    return await _started(context, parameters, identity, list(created.get("Warnings") or []))


def check(context: OperationContext, parameters: ContainerRun) -> None:
    """Refuse in advance what cannot work on this host. Raises EngineError."""
    _check_limits(parameters, context.controllers)
    _check_paths(parameters)


async def prepare(context: OperationContext, parameters: ContainerRun) -> None:
    """Do what `run` does before it creates the container: check, and pull the image."""
    check(context, parameters)
    wanted = parameters.pull in ("always", "newer")
    if not wanted and parameters.pull == "missing":
        wanted = not await api.image_exists(context.podman, parameters.image)
    if wanted:
        await _pull(context, parameters)


async def find(context: OperationContext) -> ContainerStarted | None:
    """Find the container that this operation created before the engine died, and finish it."""
    rows = await _made(context)
    if not rows:
        return None
    row = rows[0]
    context.note(str(row["Id"]))
    if row["State"] in ("created", "configured", "initialized"):
        try:
            await context.admission.recheck_binds(row["Id"])
            await start_up(context, row["Id"])
        except Unanswered:
            raise
        except EngineError:
            await _remove(context, row["Id"])
            raise
    return ContainerStarted(
        summary=msg("%(names)s was launched.", names=row["Names"][0]),
        id=row["Id"],
        name=row["Names"][0],
        ports=ports_of(row.get("Ports")),
    )


async def _started(
    context: OperationContext, parameters: ContainerRun, identity: str, warnings: list[str]
) -> ContainerStarted:
    # If the container shares a network, Podman drops the ports and reports that in a warning.
    kept = not any("Port mappings have been discarded" in warning for warning in warnings)
    name, ports = parameters.name, parameters.ports if kept else []
    if name is None or ports:
        rows = await api.list_containers(context.podman, filters={"id": [identity]})
        # None: with --rm, it may already have ended and been removed.
        if rows:
            name, ports = rows[0]["Names"][0], ports_of(rows[0].get("Ports"))
    return ContainerStarted(
        summary=msg("%(name)s was launched.", name=name or identity[:12]),
        warnings=warnings,
        id=identity,
        name=name or identity[:12],
        ports=ports,
    )


async def _pull(context: OperationContext, parameters: ContainerRun) -> None:
    policy = "newer" if parameters.pull == "newer" else "always"
    await pulls.pull_image(context, ImagePull(image=parameters.image, policy=policy))


def _lacks_image(error: EngineError) -> bool:
    text = error.report.message.lower()
    return "image not known" in text or "no such image" in text


async def discard(context: OperationContext) -> None:
    """Remove what this operation created, because it was cancelled."""
    for row in await _made(context):
        await _remove(context, str(row["Id"]))


async def _made(context: OperationContext) -> list[dict[str, Any]]:
    return await api.list_containers(
        context.podman, filters={"label": [f"{OPERATION_LABEL}={context.id}"]}
    )


async def _remove(context: OperationContext, identity: str) -> None:
    await end_unknown(context, identity)
    try:
        await api.remove_container(context.podman, identity, force=True, volumes=True)
    except EngineError as error:
        # With --rm, Podman may have removed it itself. Anything else matters.
        if error.report.code is not ErrorCode.NOT_FOUND:
            raise


def _check_limits(parameters: ContainerRun, controllers: frozenset[str]) -> None:
    wanted = {"memory": parameters.memory, "cpu": parameters.cpus, "pids": parameters.pids}
    missing = [name for name, value in wanted.items() if value and name not in controllers]
    if missing:
        raise EngineError(
            ErrorCode.UNAVAILABLE,
            msg(
                "This host cannot keep a limit on %(missing)s: the cgroup controller is not "
                "delegated to the account.",
                missing=" and ".join(missing),
            ),
            msg(
                "Launch without this limit. A host with cgroup v2 and systemd delegates "
                "controllers (see `Delegate=` of user@.service)."
            ),
        )


def _check_paths(parameters: ContainerRun) -> None:
    """Check host paths in advance, as the command line does."""
    for volume in parameters.volumes:
        if not volume.source.startswith("/"):
            continue
        try:
            Path(volume.source).lstat()
        except OSError as error:
            raise EngineError(
                ErrorCode.INVALID,
                f"statfs {volume.source}: {(error.strerror or str(error)).lower()}",
                msg(
                    "This path does not exist on the host, or the account may not see it. Make "
                    "it first, or use a named volume."
                ),
            ) from error

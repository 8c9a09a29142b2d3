"""Operations on existing containers."""

import asyncio
import logging
import os
import re

from engine.operations import image_names
from engine.operations.context import OperationContext, Unsettled
from engine.operations.units import restart_unit
from engine.podman import api
from engine.podman.answers import pruned
from engine.process import procfs, programs
from engine.schema import containers as schema
from engine.schema.errors import EngineError, ErrorCode
from engine.schema.messages import msg
from engine.schema.parameters import Result
from engine.systemd import control

log = logging.getLogger(__name__)
# Podman's errors if the OCI runtime has already created or started the container.
_HALF_STARTED = re.compile(
    r"container .*already exists: OCI runtime error|/(?:runc|crun) start [0-9a-f]{64}` failed"
)
_STARTS = 4
_MONITOR_SECONDS = 10.0
"""At most so long does a container's monitor take to record its end and to unmount its files."""
_NO_IMAGE = "none"
_ENDING = {"KILL", "TERM", "INT", "QUIT", "9", "15", "2", "3"}


async def start(context: OperationContext, parameters: schema.ContainerStart) -> Result:
    """Start it. Has no effect if it is running."""
    await context.admission.recheck_binds(parameters.container)
    await start_up(context, parameters.container)
    return Result(summary=msg("%(container)s runs.", container=parameters.container))


async def start_up(context: OperationContext, container: str) -> None:
    """Let Podman start it, even if a killed Podman had got halfway."""
    for tries_left in reversed(range(_STARTS)):
        try:
            await api.start_container(context.podman, container)
            return
        except EngineError as error:
            if not tries_left or not _HALF_STARTED.search(error.report.message):
                raise
        # Podman died before it could record what the OCI runtime had done.
        found = await api.inspect_container(context.podman, container)
        await _end(context, str(found["Id"]))


async def end_unknown(context: OperationContext, identity: str) -> None:
    """End the processes of a container that Podman believes never started, before a removal.

    A killed Podman may have let it start without recording that. If it were removed in the state
    that Podman knows, its processes would continue without a container.
    """
    if not await api.container_exists(context.podman, identity):
        return
    found = await api.inspect_container(context.podman, identity)
    if found["State"]["Status"] in ("created", "configured", "initialized"):
        await _end(context, identity, only_if_monitored=True)


async def _end(
    context: OperationContext, identity: str, *, only_if_monitored: bool = False
) -> None:
    """End a container in the OCI runtime, and wait for its monitor, which cleans up after it."""
    monitor = await asyncio.to_thread(procfs.open_monitor, identity)
    if monitor is None and only_if_monitored:
        return
    runtime = context.podman_options[context.podman_options.index("--runtime") + 1]
    argv = ("podman", "unshare", runtime, "delete", "--force", identity)
    try:
        log.warning("%s had been started halfway: %s", identity, await programs.run(*argv))
        if monitor is not None and not await procfs.wait_for_end(monitor, _MONITOR_SECONDS):
            log.warning("the monitor of %s has not ended", identity)
    finally:
        if monitor is not None:
            os.close(monitor)


async def stop(context: OperationContext, parameters: schema.ContainerStop) -> Result:
    """Stop it. Has no effect if it is not running."""
    if unit := await _stop_unit(context, parameters.container):
        return Result(
            summary=msg(
                "%(container)s is stopped: its unit %(unit)s was stopped.",
                container=parameters.container,
                unit=unit,
            )
        )
    await api.stop_container(context.podman, parameters.container, parameters.timeout)
    return Result(summary=msg("%(container)s is stopped.", container=parameters.container))


async def restart(context: OperationContext, parameters: schema.ContainerRestart) -> Result:
    """Stop and start it."""
    await context.admission.recheck_binds(parameters.container)
    if unit := await _active_unit(context, parameters.container):
        return await _restart_unit(context, parameters, unit)
    found = await api.inspect_container(context.podman, parameters.container)
    context.note(str(found["State"].get("StartedAt") or ""))
    seconds = parameters.timeout
    if seconds is None:
        # Without a timeout, Podman's API kills at once; the command line uses the container's own.
        seconds = int(found["Config"].get("StopTimeout") or 0)
    await api.restart_container(context.podman, parameters.container, seconds)
    return Result(summary=msg("%(container)s was restarted.", container=parameters.container))


async def resume_restart(context: OperationContext, parameters: schema.ContainerRestart) -> Result:
    """Continue an interrupted restart, which may have got as far as the stop."""
    if not context.noted:
        return await restart(context, parameters)
    if " " in context.noted:
        return await _restart_unit(context, parameters, context.noted.partition(" ")[0])
    state = (await api.inspect_container(context.podman, parameters.container))["State"]
    if str(state.get("StartedAt") or "") == context.noted:
        if state["Status"] == "running":
            return await restart(context, parameters)
        # It was stopped, or about to be.
        await api.stop_container(context.podman, parameters.container, parameters.timeout)
        await start(context, schema.ContainerStart(container=parameters.container))
    return Result(summary=msg("%(container)s was restarted.", container=parameters.container))


async def _restart_unit(
    context: OperationContext, parameters: schema.ContainerRestart, unit: str
) -> Result:
    await restart_unit(context, unit)
    return Result(
        summary=msg(
            "%(container)s was restarted: its unit %(unit)s was restarted.",
            container=parameters.container,
            unit=unit,
        )
    )


async def kill(context: OperationContext, parameters: schema.ContainerKill) -> Result:
    """Send a signal. If that ends the container, stop its unit, which would restart it."""
    ending = parameters.signal.removeprefix("SIG") in _ENDING
    if ending and (unit := await _stop_unit(context, parameters.container)):
        return Result(
            summary=msg(
                "%(container)s is stopped: its unit %(unit)s was stopped instead of sending "
                "%(signal)s, after which systemd may have restarted it.",
                container=parameters.container,
                unit=unit,
                signal=parameters.signal,
            )
        )
    context.note(parameters.signal)
    await api.kill_container(context.podman, parameters.container, parameters.signal)
    return Result(
        summary=msg(
            "%(signal)s was sent to %(container)s.",
            signal=parameters.signal,
            container=parameters.container,
        )
    )


async def resume_kill(context: OperationContext, parameters: schema.ContainerKill) -> Result:
    """Determine whether the signal was sent: it was if the container ended. Repeat SIGKILL.

    Raises Unsettled for other signals to a running container, and if the container is gone.
    """
    if not context.noted or " " in context.noted:
        return await kill(context, parameters)
    if not await api.container_exists(context.podman, parameters.container):
        raise Unsettled
    if await _state(context, parameters.container) not in ("running", "paused"):
        return Result(
            summary=msg(
                "%(signal)s was sent to %(container)s.",
                signal=parameters.signal,
                container=parameters.container,
            )
        )
    if parameters.signal.removeprefix("SIG") in ("KILL", "9"):
        return await kill(context, parameters)
    raise Unsettled


async def pause(context: OperationContext, parameters: schema.ContainerPause) -> Result:
    """Freeze its processes."""
    if await _state(context, parameters.container) == "paused":
        return Result(
            summary=msg("%(container)s is paused already.", container=parameters.container)
        )
    await api.pause_container(context.podman, parameters.container)
    return Result(summary=msg("%(container)s is paused.", container=parameters.container))


async def unpause(context: OperationContext, parameters: schema.ContainerUnpause) -> Result:
    """Resume its processes."""
    if await _state(context, parameters.container) == "running":
        return Result(summary=msg("%(container)s runs already.", container=parameters.container))
    await api.unpause_container(context.podman, parameters.container)
    return Result(summary=msg("%(container)s runs again.", container=parameters.container))


async def rename(context: OperationContext, parameters: schema.ContainerRename) -> Result:
    """Rename it."""
    found = await api.inspect_container(context.podman, parameters.container)
    context.note(str(found["Id"]))
    await api.rename_container(context.podman, parameters.container, parameters.name)
    return _renamed(parameters)


async def resume_rename(context: OperationContext, parameters: schema.ContainerRename) -> Result:
    """Find its current name by its id."""
    if context.noted:
        found = await api.inspect_container(context.podman, context.noted)
        if found["Name"] == parameters.name:
            return _renamed(parameters)
    return await rename(context, parameters)


def _renamed(parameters: schema.ContainerRename) -> Result:
    return Result(
        summary=msg(
            "%(container)s is called %(name)s now.",
            container=parameters.container,
            name=parameters.name,
        )
    )


async def remove(context: OperationContext, parameters: schema.ContainerRemove) -> Result:
    """Remove it; with `force`, even if it runs. A unit's container goes when its unit stops."""
    # By its id: a retry after the engine's death must not hit a newer container of that name.
    identity, warnings = context.noted.rpartition(" ")[2], list[str]()
    may_have_unit = identity != context.noted
    if not identity:
        try:
            found = await api.inspect_container(context.podman, parameters.container)
        except EngineError as error:
            identity = await _damaged(context, parameters)
            warnings = [
                msg("Podman could not inspect it: %(message)s", message=error.report.message)
            ]
        else:
            _need_stopped(parameters, found["State"]["Status"])
            identity, may_have_unit = str(found["Id"]), True
    if may_have_unit:
        unit = await _stop_unit(context, identity)
        if unit and not await api.container_exists(context.podman, identity):
            return Result(
                summary=msg(
                    "%(container)s was removed: its unit %(unit)s was stopped.",
                    container=parameters.container,
                    unit=unit,
                ),
                warnings=[
                    msg(
                        "%(unit)s makes it anew at its next start: delete the unit to be rid of "
                        "it.",
                        unit=unit,
                    )
                ],
            )
    if identity:
        context.note(identity)
    if identity and not warnings:
        await end_unknown(context, identity)
    try:
        answer = await api.remove_container(
            context.podman,
            identity or parameters.container,
            force=parameters.force,
            volumes=parameters.volumes,
        )
    except EngineError as error:
        # It existed: --rm was faster, or the first attempt removed it.
        if error.report.code is not ErrorCode.NOT_FOUND or not identity:
            raise
        answer = []
    for report in answer:
        if report.get("Err"):
            raise EngineError(ErrorCode.CONFLICT, str(report["Err"]))
    return Result(
        summary=msg("%(container)s was removed.", container=parameters.container), warnings=warnings
    )


async def _damaged(context: OperationContext, parameters: schema.ContainerRemove) -> str:
    """Return the id of a container that Podman lists but cannot inspect: its storage is damaged.

    "" if it is not listed: it may then be in storage only, where Podman knows it by name.
    """
    rows = await api.list_containers(context.podman)
    for row in rows:
        if parameters.container in (row["Id"], row["Id"][:12], *(row.get("Names") or [])):
            _need_stopped(parameters, row["State"])
            return str(row["Id"])
    return ""


def _need_stopped(parameters: schema.ContainerRemove, state: str) -> None:
    if state in ("running", "paused") and not parameters.force:
        raise EngineError(
            ErrorCode.CONFLICT,
            msg("%(container)s is running.", container=parameters.container),
            msg("Stop the container first, or remove it by force."),
        )


async def prune(context: OperationContext, parameters: schema.ContainerPrune) -> schema.Pruned:
    """Remove all containers that are not running."""
    return pruned(await api.prune_containers(context.podman), "container")


async def commit(
    context: OperationContext, parameters: schema.ContainerCommit
) -> schema.ContainerCommitted:
    """Create an image from its current file system."""
    context.note(await image_names.image_id(context, parameters.image) or _NO_IMAGE)
    repository, tag = image_names.named(parameters.image)
    answer = await api.commit_container(
        context.podman,
        parameters.container,
        repository,
        tag,
        pause=parameters.pause,
        author=parameters.author,
        message=parameters.message,
    )
    identity = str(answer["Id"]).removeprefix("sha256:")
    await image_names.ensure(context, parameters.image, identity)
    return _committed(parameters, identity)


async def resume_commit(
    context: OperationContext, parameters: schema.ContainerCommit
) -> schema.ContainerCommitted:
    """Find the result of an interrupted commit: the image has the name, or there is no image."""
    identity = await image_names.image_id(context, parameters.image)
    if context.noted and identity and identity != context.noted:
        return _committed(parameters, identity)
    return await commit(context, parameters)


def _committed(parameters: schema.ContainerCommit, identity: str) -> schema.ContainerCommitted:
    return schema.ContainerCommitted(
        summary=msg(
            "%(container)s was committed to %(image)s.",
            container=parameters.container,
            image=parameters.image,
        ),
        image_id=identity,
    )


async def _stop_unit(context: OperationContext, container: str) -> str:
    """Stop the active unit that manages the container. Return its name, or "" if there is none.

    Otherwise, systemd would see the container's end as a failure and start it again.
    """
    noted = context.noted.partition(" ")[0] if " " in context.noted else ""
    unit = noted or await _active_unit(context, container)
    if unit:
        context.note(f"{unit} {container}")  # which may be removed with it
        await control.carry_out(context.units.systemd, "StopUnit", unit)
    return unit


async def _active_unit(context: OperationContext, container: str) -> str:
    unit = await context.units.owned(container)
    if not unit:
        return ""
    facts = await context.units.systemd.properties(unit)
    active = facts.get("ActiveState") in ("active", "activating", "reloading")
    return unit if active else ""


async def _state(context: OperationContext, container: str) -> str:
    found = await api.inspect_container(context.podman, container)
    return str(found["State"]["Status"])

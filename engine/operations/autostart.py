"""`container.autostart` and `unit.convert`: a unit that keeps a container running.

Both complete, or leave everything as it was. They record their plan before the first change, so
that after the death of the engine the current state shows which of the two to do.
"""

import asyncio
from typing import Any

from pydantic import BaseModel

from engine.operations import named_volumes
from engine.operations.context import OperationContext, Unsettled
from engine.operations.units import available, take_down
from engine.podman import api
from engine.process.cancellation import unstoppable
from engine.schema import units as schema
from engine.schema.errors import EngineError, ErrorCode, Unanswered
from engine.schema.messages import msg
from engine.schema.progress import Progress
from engine.schema.unit_names import GeneratedStyle, template_of
from engine.systemd import control, selinux, unit_files, unit_plan
from engine.systemd.anonymous_volumes import Unnamed
from engine.systemd.inventory import lingers
from engine.systemd.unit_plan import Plan


class _OldUnit(BaseModel):
    """The unit that a conversion replaces."""

    unit: str
    file: str
    digest: str
    style: str
    enabled: bool
    active: bool


class _Noted(BaseModel):
    """The recorded plan. It contains no text of a file, which may include secrets."""

    container: str
    """The id of the existing container."""
    name: str
    ran: bool
    style: GeneratedStyle
    unit: str
    files: list[str]
    volumes: list[Unnamed]
    old: _OldUnit | None = None

    @property
    def plan(self) -> Plan:
        """Return as much of the plan as undoing it requires."""
        return Plan(self.style, self.unit, dict.fromkeys(self.files, ""), volumes=self.volumes)


async def autostart(
    context: OperationContext, parameters: schema.ContainerAutostart
) -> schema.ContainerKept:
    """Create the unit and let its container replace the existing one, or restore everything."""
    found = await api.inspect_container(context.podman, parameters.container)
    await context.admission.admit_unit(found)
    await available(context)
    if unit := await context.units.owned(parameters.container):
        raise EngineError(
            ErrorCode.CONFLICT,
            msg("%(name)s is kept running by %(unit)s already.", name=found["Name"], unit=unit),
            msg("Enable that unit, or convert it to another style."),
        )
    style = parameters.style or unit_plan.default_style()
    plan = await unit_plan.plan(context.podman, found, style)
    await _refuse_taken(context, plan)
    if found["HostConfig"].get("AutoRemove"):
        raise EngineError(
            ErrorCode.CONFLICT,
            msg(
                "%(name)s was made with --rm: it is gone when it stops, and could not be put "
                "back if its unit does not come up.",
                name=found["Name"],
            ),
            msg("Launch it again without --rm, then keep that one running."),
        )
    await _replace(context, _note(context, found, plan), plan)
    return _kept(str(found["Name"]), plan)


async def resume_autostart(
    context: OperationContext, parameters: schema.ContainerAutostart
) -> schema.ContainerKept:
    """Recognize a completed operation, or undo and repeat an incomplete one."""
    if not context.noted:
        return await autostart(context, parameters)
    noted = _Noted.model_validate_json(context.noted)
    if await _came_up(context, noted):
        if noted.style != "generate-classic":
            await _remove_container(context, noted.container, volumes=False)
        return _kept(noted.name, noted.plan)
    await _put_back(context, noted)
    return await autostart(context, parameters)


async def resume_convert(
    context: OperationContext, parameters: schema.UnitConvert
) -> schema.ContainerKept:
    """Do the same for a conversion."""
    if not context.noted:
        return await convert(context, parameters)
    noted = _Noted.model_validate_json(context.noted)
    if noted.old is None:
        raise Unsettled
    if not unit_files.find(noted.old.file) and await _came_up(context, noted):
        if noted.old.style == "generate-classic":
            await _remove_container(context, noted.container, volumes=False)
        return _converted(noted.old.unit, _kept(noted.name, noted.plan))
    await _put_back_unit(context, noted, noted.old)
    return await convert(context, parameters)


async def _came_up(context: OperationContext, noted: _Noted) -> bool:
    """Return whether the unit is running with its container."""
    facts = await context.units.systemd.properties(noted.unit)
    if facts.get("ActiveState") != "active":
        return False
    found = await _inspect(context, noted.name)
    if found is None:
        return False
    return noted.style == "generate-classic" or found["Id"] != noted.container


async def convert(
    context: OperationContext, parameters: schema.UnitConvert
) -> schema.ContainerKept:
    """Put the same container under a unit of another style. Removes the old unit afterwards."""
    await available(context)
    row = await context.units.row(parameters.unit)
    if row is None or not row.file:
        raise EngineError(
            ErrorCode.NOT_FOUND, msg("The account has no unit %(unit)s.", unit=parameters.unit)
        )
    if template_of(row.unit) or not row.readable:
        raise EngineError(
            ErrorCode.CONFLICT,
            (
                msg(
                    "%(unit)s has no file of its own that could be replaced: %(file)s is a "
                    "template's.",
                    unit=row.unit,
                    file=row.file,
                )
                if template_of(row.unit)
                else msg(
                    "%(unit)s has no file of its own that could be replaced: %(file)s is not "
                    "read by Berth.",
                    unit=row.unit,
                    file=row.file,
                )
            ),
            msg("Convert it by hand."),
        )
    if row.style == parameters.style:
        raise EngineError(
            ErrorCode.CONFLICT, msg("%(unit)s has this style already.", unit=row.unit)
        )
    if len(row.containers) != 1:
        raise EngineError(
            ErrorCode.CONFLICT,
            msg(
                "%(unit)s has %(containers)s containers now; converting reads the options of its "
                "one container.",
                unit=row.unit,
                containers=len(row.containers),
            ),
            msg("Start the unit first. Units of pods are converted by hand."),
        )
    found = await api.inspect_container(context.podman, row.containers[0])
    await context.admission.admit_unit(found)
    plan = await unit_plan.plan(context.podman, found, parameters.style, of_unit=True)
    before = unit_files.find(row.file)
    if before is None:
        raise EngineError(ErrorCode.NOT_FOUND, msg("There is no file %(file)s.", file=row.file))
    await _refuse_taken(context, plan, but=row.unit)
    old = _OldUnit(
        unit=row.unit,
        file=row.file,
        digest=before.digest,
        style=row.style,
        enabled=row.file_state == "enabled",
        active=row.active == "active",
    )
    noted = _note(context, found, plan, old)
    made_by_unit = row.style != "generate-classic"
    if made_by_unit:  # its anonymous volumes are removed with its container
        await named_volumes.fill(context, plan.volumes)
    try:
        await take_down(context, row.unit, row.style != "quadlet")
        unit_files.delete(row.file, before.digest)
        await context.units.systemd.reload()
        if made_by_unit:
            await _install(context, plan)
            await _come_up(context, plan)
        else:
            await _replace(context, noted, plan)
    except Unanswered:
        raise  # recovery finds out how far this got
    except (EngineError, asyncio.CancelledError):
        await unstoppable(_put_back_unit(context, noted, old))
        raise
    return _converted(row.unit, _kept(noted.name, plan))


def _converted(unit: str, kept: schema.ContainerKept) -> schema.ContainerKept:
    return kept.model_copy(
        update={
            "summary": msg(
                "%(unit)s is now %(unit2)s (%(style)s).",
                unit=unit,
                unit2=kept.unit,
                style=kept.style,
            )
        }
    )


def _note(
    context: OperationContext, found: dict[str, Any], plan: Plan, old: _OldUnit | None = None
) -> _Noted:
    noted = _Noted(
        container=str(found["Id"]),
        name=str(found["Name"]),
        ran=found["State"]["Status"] in ("running", "paused"),
        style=plan.style,
        unit=plan.unit,
        files=list(plan.files),
        volumes=plan.volumes,
        old=old,
    )
    context.note(noted.model_dump_json())
    return noted


async def _put_back_unit(context: OperationContext, noted: _Noted, old: _OldUnit) -> None:
    if old.style == "generate-classic":
        await _put_back(context, noted, start=False)
    else:
        await _remove(context, noted.plan)
        await named_volumes.remove(context, noted.volumes)
    if unit_files.find(old.file) is None:
        unit_files.write(old.file, unit_files.kept(old.file, old.digest).text, "")
    await context.units.systemd.reload()
    if old.style != "quadlet" and old.enabled:
        await context.units.systemd.enable(old.unit)
        await context.units.systemd.reload()
    if old.active:
        await control.carry_out(context.units.systemd, "StartUnit", old.unit)


async def _replace(context: OperationContext, noted: _Noted, plan: Plan) -> None:
    """Stop the existing container, and let the unit start its own."""
    identity, name = noted.container, noted.name
    anew = plan.style != "generate-classic"
    context.report(Progress(message=msg("Writing %(files)s", files=", ".join(plan.files))))
    await _install(context, plan)
    try:
        if noted.ran:  # even a classic unit owns only what it started itself
            context.report(Progress(message=msg("Stopping %(name)s", name=name)))
            await api.stop_container(context.podman, identity)
        if anew:
            aside = f"{name}-before-{identity[:8]}"
            await api.rename_container(context.podman, identity, aside)
        await named_volumes.fill(context, plan.volumes)
        await _come_up(context, plan)
    except Unanswered:
        raise  # recovery finds out how far this got
    except asyncio.CancelledError:
        await unstoppable(_put_back(context, noted))
        raise
    except EngineError as error:
        try:
            await unstoppable(_put_back(context, noted))
        except Unanswered:
            raise
        except EngineError as also:
            raise EngineError(
                error.report.code,
                msg(
                    "%(message)s And putting %(name)s back as it was failed: %(message2)s",
                    message=error.report.message,
                    name=name,
                    message2=also.report.message,
                ),
                error.report.remedy,
            ) from error
        raise
    if anew:
        await _remove_container(context, identity, volumes=False)


def _kept(name: str, plan: Plan) -> schema.ContainerKept:
    warnings: list[str] = []
    anew = plan.style != "generate-classic"
    warnings += [each.note for each in plan.volumes]
    if not lingers():
        warnings.append(
            msg(
                "Lingering is off, so the unit does not start at boot, only at a login: turn it on."
            )
        )
    if not anew:
        warnings.append(unit_plan.CLASSIC_NOTE)
    return schema.ContainerKept(
        summary=msg("%(unit)s keeps %(name)s running.", unit=plan.unit, name=name),
        warnings=warnings,
        unit=plan.unit,
        style=plan.style,
        files=list(plan.files),
        container=name,
        not_carried_over=plan.not_carried_over,
        anonymous_volumes=[each.volume for each in plan.volumes],
        named_volumes=[each.name for each in plan.volumes],
        starts_at_boot=lingers(),
    )


async def _install(context: OperationContext, plan: Plan) -> None:
    written: list[str] = []
    try:
        for file, text in plan.files.items():
            unit_files.write(file, text, "")
            written.append(file)
            await selinux.restore(unit_files.configuration() / file)
        await context.units.systemd.reload()
    except EngineError:
        for file in written:
            unit_files.delete(file, None)
        raise


async def _come_up(context: OperationContext, plan: Plan) -> None:
    context.report(Progress(message=msg("Starting %(unit)s", unit=plan.unit)))
    systemd = context.units.systemd
    if plan.style != "quadlet":
        await systemd.enable(plan.unit)
        await systemd.reload()
    await control.carry_out(systemd, "StartUnit", plan.unit)
    await asyncio.sleep(unit_plan.SETTLE_SECONDS)
    facts = await systemd.properties(plan.unit)
    if facts.get("ActiveState") != "active":
        raise await control.failed(
            systemd,
            plan.unit,
            msg(
                "%(unit)s started, and ended at once (%(get)s)",
                unit=plan.unit,
                get=facts.get("Result"),
            ),
        )


async def _remove(context: OperationContext, plan: Plan) -> None:
    await take_down(context, plan.unit, plan.style != "quadlet")
    for file in plan.files:
        if unit_files.find(file):
            unit_files.delete(file, None)
    await context.units.systemd.reload()


async def _put_back(context: OperationContext, noted: _Noted, *, start: bool = True) -> None:
    """Restore everything, however far the operation got."""
    await _remove(context, noted.plan)
    found = await _inspect(context, noted.container)
    if found is None:
        return  # somebody has removed it
    if found["Name"] != noted.name:
        await _remove_container(context, noted.name, volumes=True)
        await api.rename_container(context.podman, noted.container, noted.name)
    await named_volumes.remove(context, noted.volumes)
    if start and noted.ran:
        await api.start_container(context.podman, noted.container)


async def _inspect(context: OperationContext, container: str) -> dict[str, Any] | None:
    if not await api.container_exists(context.podman, container):
        return None
    found: dict[str, Any] = await api.inspect_container(context.podman, container)
    return found


async def _remove_container(context: OperationContext, container: str, *, volumes: bool) -> None:
    if await api.container_exists(context.podman, container):
        await api.remove_container(context.podman, container, force=True, volumes=volumes)


async def _refuse_taken(context: OperationContext, plan: Plan, but: str = "") -> None:
    for file in plan.files:
        if unit_files.find(file):
            raise EngineError(
                ErrorCode.CONFLICT,
                msg("%(file)s exists already.", file=file),
                msg("Delete or rename that file first, or rename the container."),
            )
    if plan.unit == but:
        return
    facts = await context.units.systemd.properties(plan.unit)
    if facts.get("LoadState") not in ("not-found", None):
        raise EngineError(
            ErrorCode.CONFLICT,
            msg("The account has a unit %(unit)s already.", unit=plan.unit),
            msg("Rename the container, so that its unit gets another name."),
        )

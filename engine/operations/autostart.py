"""`container.autostart` and `unit.convert`: a unit that keeps a container running."""

import asyncio
from typing import Any

from engine.operations import named_volumes
from engine.operations.containers import path
from engine.operations.context import Work
from engine.operations.units import available, take_down
from engine.schema import units as schema
from engine.schema.errors import EngineError, ErrorCode
from engine.schema.progress import Progress
from engine.schema.unit_names import template_of
from engine.systemd import control, selinux, unit_files, unit_plan
from engine.systemd.anonymous_volumes import Unnamed
from engine.systemd.inventory import lingers
from engine.systemd.unit_plan import Plan


async def autostart(work: Work, parameters: schema.ContainerAutostart) -> schema.ContainerKept:
    """Make the unit, let its container take the place of the present one, or put all back."""
    found = await work.podman.call("GET", path(parameters.container, "json"))
    await work.gate.keep(found)
    await available(work)
    if unit := await work.units.owned(parameters.container):
        raise EngineError(
            ErrorCode.CONFLICT,
            f"{found['Name']} is kept running by {unit} already.",
            "Enable that unit, or convert it to another style.",
        )
    style = parameters.style or unit_plan.default_style()
    plan = await unit_plan.plan(work.podman, found, style)
    await _refuse_taken(work, plan)
    if found["HostConfig"].get("AutoRemove"):
        raise EngineError(
            ErrorCode.CONFLICT,
            f"{found['Name']} was made with --rm: it is gone when it stops, and could not be put "
            "back if its unit does not come up.",
            "Launch it again without --rm, then keep that one running.",
        )
    return await _replace(work, found, plan)


async def convert(work: Work, parameters: schema.UnitConvert) -> schema.ContainerKept:
    """The same container under a unit of another style; the old unit goes when the new one runs."""
    await available(work)
    row = await work.units.row(parameters.unit)
    if row is None or not row.file:
        raise EngineError(ErrorCode.NOT_FOUND, f"The account has no unit {parameters.unit}.")
    if template_of(row.unit) or not row.readable:
        raise EngineError(
            ErrorCode.CONFLICT,
            f"{row.unit} has no file of its own that could be replaced: {row.file} is "
            + ("a template's." if template_of(row.unit) else "not read by Berth."),
            "Convert it by hand.",
        )
    if row.style == parameters.style:
        raise EngineError(ErrorCode.CONFLICT, f"{row.unit} has this style already.")
    if len(row.containers) != 1:
        raise EngineError(
            ErrorCode.CONFLICT,
            f"{row.unit} has {len(row.containers)} containers now; converting reads the options of "
            "its one container.",
            "Start the unit first. Units of pods are converted by hand.",
        )
    found = await work.podman.call("GET", path(row.containers[0], "json"))
    await work.gate.keep(found)
    plan = await unit_plan.plan(work.podman, found, parameters.style, of_unit=True)
    before = unit_files.find(row.file)
    if before is None:
        raise EngineError(ErrorCode.NOT_FOUND, f"There is no file {row.file}.")
    await _refuse_taken(work, plan, but=row.unit)
    was_active = row.active == "active"
    made_by_unit = row.style != "generate-classic"
    if made_by_unit:  # its volumes without a name go with its container
        await named_volumes.fill(work, plan.volumes)
    await take_down(work, row.unit, row.style != "quadlet")
    unit_files.delete(row.file, before.digest)
    await work.units.systemd.reload()
    try:
        if made_by_unit:
            await _install(work, plan)
            await _come_up(work, plan)
            kept = _kept(found, plan)
        else:
            kept = await _replace(work, found, plan)
    except (EngineError, asyncio.CancelledError):
        await asyncio.shield(_put_back_unit(work, plan, row.file, before.text, was_active, row))
        if made_by_unit:
            await asyncio.shield(named_volumes.remove(work, plan.volumes))
        raise
    return kept.model_copy(update={"summary": f"{row.unit} is now {plan.unit} ({plan.style})."})


async def _put_back_unit(
    work: Work, plan: Plan, file: str, text: str, was_active: bool, row: Any
) -> None:
    await _remove(work, plan)
    unit_files.write(file, text, "")
    await work.units.systemd.reload()
    if row.style != "quadlet" and row.file_state == "enabled":
        await work.units.systemd.enable(row.unit)
        await work.units.systemd.reload()
    if was_active:
        await control.carry_out(work.units.systemd, "StartUnit", row.unit)


async def _replace(work: Work, found: dict[str, Any], plan: Plan) -> schema.ContainerKept:
    """Stop the container that is there, and have the unit run its own."""
    identity, name = str(found["Id"]), str(found["Name"])
    running = found["State"]["Status"] in ("running", "paused")
    aside = f"{name}-before-{identity[:8]}"
    anew = plan.style != "generate-classic"
    work.report(Progress(message=f"Writing {', '.join(plan.files)}"))
    await _install(work, plan)
    moved, filled = False, list[Unnamed]()
    try:
        if running:  # a classic unit, too, only owns what it started itself
            work.report(Progress(message=f"Stopping {name}"))
            await work.podman.call("POST", path(identity, "stop"))
        if anew:
            await work.podman.call("POST", path(identity, "rename"), params={"name": aside})
            moved = True
        await named_volumes.fill(work, plan.volumes)
        filled = plan.volumes
        await _come_up(work, plan)
    except asyncio.CancelledError:
        await asyncio.shield(_put_back(work, plan, identity, name, moved, running, filled))
        raise
    except EngineError as error:
        try:
            await asyncio.shield(_put_back(work, plan, identity, name, moved, running, filled))
        except EngineError as also:
            raise EngineError(
                error.report.code,
                f"{error.report.message} And putting {name} back as it was failed: "
                f"{also.report.message}",
                error.report.remedy,
            ) from error
        raise
    if moved:
        await work.podman.call("DELETE", path(identity), params={"force": "true", "v": "false"})
    return _kept(found, plan)


def _kept(found: dict[str, Any], plan: Plan) -> schema.ContainerKept:
    warnings: list[str] = []
    anew = plan.style != "generate-classic"
    warnings += [each.note for each in plan.volumes]
    if not lingers():
        warnings.append(
            "Lingering is off, so the unit does not start at boot, only at a login: turn it on."
        )
    if not anew:
        warnings.append(unit_plan.CLASSIC_NOTE)
    return schema.ContainerKept(
        summary=f"{plan.unit} keeps {found['Name']} running.",
        warnings=warnings,
        unit=plan.unit,
        style=plan.style,
        files=list(plan.files),
        container=str(found["Name"]),
        not_carried_over=plan.not_carried_over,
        anonymous_volumes=[each.volume for each in plan.volumes],
        named_volumes=[each.name for each in plan.volumes],
        starts_at_boot=lingers(),
    )


async def _install(work: Work, plan: Plan) -> None:
    written: list[str] = []
    try:
        for file, text in plan.files.items():
            unit_files.write(file, text, "")
            written.append(file)
            await selinux.restore(unit_files.configuration() / file)
        await work.units.systemd.reload()
    except EngineError:
        for file in written:
            unit_files.delete(file, None)
        raise


async def _come_up(work: Work, plan: Plan) -> None:
    work.report(Progress(message=f"Starting {plan.unit}"))
    systemd = work.units.systemd
    if plan.style != "quadlet":
        await systemd.enable(plan.unit)
        await systemd.reload()
    await control.carry_out(systemd, "StartUnit", plan.unit)
    await asyncio.sleep(unit_plan.SETTLE_SECONDS)
    facts = await systemd.properties(plan.unit)
    if facts.get("ActiveState") != "active":
        raise await control.failed(
            systemd, plan.unit, f"{plan.unit} started, and ended at once ({facts.get('Result')})"
        )


async def _remove(work: Work, plan: Plan) -> None:
    await take_down(work, plan.unit, plan.style != "quadlet")
    for file in plan.files:
        if unit_files.find(file):
            unit_files.delete(file, None)
    await work.units.systemd.reload()


async def _put_back(
    work: Work,
    plan: Plan,
    identity: str,
    name: str,
    moved: bool,
    running: bool,
    filled: list[Unnamed],
) -> None:
    await _remove(work, plan)
    if moved:
        if await work.podman.exists(path(name)):
            await work.podman.call("DELETE", path(name), params={"force": "true", "v": "true"})
        await named_volumes.remove(work, filled)
        await work.podman.call("POST", path(identity, "rename"), params={"name": name})
    if running and await work.podman.exists(path(identity)):
        await work.podman.call("POST", path(identity, "start"))


async def _refuse_taken(work: Work, plan: Plan, but: str = "") -> None:
    for file in plan.files:
        if unit_files.find(file):
            raise EngineError(
                ErrorCode.CONFLICT,
                f"{file} exists already.",
                "Delete or rename that file first, or rename the container.",
            )
    if plan.unit == but:
        return
    facts = await work.units.systemd.properties(plan.unit)
    if facts.get("LoadState") not in ("not-found", None):
        raise EngineError(
            ErrorCode.CONFLICT,
            f"The account has a unit {plan.unit} already.",
            "Rename the container, so that its unit gets another name.",
        )

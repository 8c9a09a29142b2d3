"""Operations on the account's units and their files."""

from typing import Any

from engine.operations.context import OperationContext
from engine.schema import units as schema
from engine.schema.errors import EngineError, ErrorCode
from engine.schema.messages import msg
from engine.schema.parameters import Result
from engine.schema.unit_names import (
    QUADLET_KINDS,
    instance_of,
    is_template,
    kind_of,
    template_of,
)
from engine.systemd import control, drop_ins, quadlets, selinux, sources, unit_files, validation


async def write(context: OperationContext, parameters: schema.UnitWrite) -> schema.UnitWritten:
    """Check and write the file, then reload systemd."""
    await available(context)
    checked = await validation.check(parameters.file, parameters.text)
    if not checked.ok and not parameters.even_with_errors:
        first = next(each for each in checked.problems if each.severity == "error")
        where = f" (line {first.line})" if first.line else ""
        raise EngineError(
            ErrorCode.INVALID,
            msg(
                "%(file)s has errors and was not saved: %(message)s%(where)s",
                file=parameters.file,
                message=first.message,
                where=where,
            ),
            msg("Mend it, or save it even with errors."),
        )
    written = await put(context, parameters.file, parameters.text, parameters.digest)
    return written.model_copy(update={"problems": checked.problems})


async def resume_write(
    context: OperationContext, parameters: schema.UnitWrite
) -> schema.UnitWritten:
    """Write it, or only reload systemd: the dead engine may already have written it."""
    digest = _digest_now(parameters.file, parameters.text) or parameters.digest
    return await write(context, parameters.model_copy(update={"digest": digest}))


def _digest_now(file: str, text: str) -> str:
    """Return the digest of the file if its content is `text`, otherwise ""."""
    found = unit_files.find(file)
    return found.digest if found and found.text == text else ""


async def put(context: OperationContext, file: str, text: str, digest: str) -> schema.UnitWritten:
    """Write a file unchanged, restore its label, and run daemon-reload."""
    version = unit_files.write(file, text, digest)
    label = await selinux.restore(unit_files.configuration() / file)
    await context.units.systemd.reload()
    return schema.UnitWritten(
        summary=(
            msg("%(file)s was saved.", file=file)
            if digest
            else msg("%(file)s was created.", file=file)
        ),
        file=file,
        digest=unit_files.digest_of(text),
        unit=quadlets.unit_of(file, text),
        version=version,
        selinux=label,
    )


async def delete(context: OperationContext, parameters: schema.UnitDelete) -> schema.UnitWritten:
    """Stop and disable the unit, and delete its file."""
    await available(context)
    found = unit_files.find(parameters.file)
    if found is None and context.noted:  # the dead engine had deleted it
        await context.units.systemd.reload()
        return schema.UnitWritten(
            summary=msg("%(file)s was deleted.", file=parameters.file),
            file=parameters.file,
            digest="",
            unit="",
        )
    if found is None:
        raise EngineError(
            ErrorCode.NOT_FOUND, msg("There is no file %(file)s.", file=parameters.file)
        )
    if parameters.digest and found.digest != parameters.digest:
        raise EngineError(
            ErrorCode.CONFLICT,
            msg(
                "%(file)s changed meanwhile: it is not the version that was shown.",
                file=parameters.file,
            ),
            msg("Look at it again, then delete it."),
        )
    unit = quadlets.unit_of(parameters.file, found.text)
    if unit and sources.is_unit_name(unit):
        await take_down(context, unit, kind_of(parameters.file) not in QUADLET_KINDS)
    context.note(found.digest)
    version = unit_files.delete(parameters.file, found.digest)
    await context.units.systemd.reload()
    left = drop_ins.of(parameters.file)
    warnings = (
        [msg("Its drop-ins are still there: %(left)s.", left=", ".join(left))] if left else []
    )
    if is_template(unit):
        summary = msg(
            "%(file)s was deleted, the instances of %(unit)s are stopped.",
            file=parameters.file,
            unit=unit,
        )
    elif unit:
        summary = msg("%(file)s was deleted, %(unit)s is stopped.", file=parameters.file, unit=unit)
    else:
        summary = msg("%(file)s was deleted.", file=parameters.file)
    return schema.UnitWritten(
        summary=summary,
        warnings=warnings,
        file=parameters.file,
        digest="",
        unit=unit,
        version=version,
    )


async def take_down(context: OperationContext, unit: str, can_be_enabled: bool) -> None:
    """Stop a unit if it is loaded (all instances of a template unit), and remove its links."""
    if is_template(unit):
        for each in await context.units.systemd.loaded(unit.replace("@.", "@*.", 1)):
            await take_down(context, each, can_be_enabled=False)
        if can_be_enabled:
            await context.units.systemd.disable(unit)
        return
    facts = await context.units.systemd.properties(unit)
    if facts.get("LoadState") == "loaded":
        await control.carry_out(context.units.systemd, "StopUnit", unit)
    if can_be_enabled and str(facts.get("UnitFileState") or "").startswith("enabled"):
        await context.units.systemd.disable(unit)
    if facts.get("ActiveState") == "failed":
        await context.units.systemd.reset_failed(unit)


async def restore(context: OperationContext, parameters: schema.UnitRestore) -> schema.UnitWritten:
    """Restore a kept version."""
    kept = unit_files.version(parameters.file, parameters.version)
    await context.admission.admit_unit_file(parameters.file, kept.text, new=not parameters.digest)
    await available(context)
    written = await put(context, parameters.file, kept.text, parameters.digest)
    return written.model_copy(
        update={
            "summary": msg(
                "%(file)s is as it was in version %(version)s.",
                file=parameters.file,
                version=parameters.version,
            )
        }
    )


async def resume_restore(
    context: OperationContext, parameters: schema.UnitRestore
) -> schema.UnitWritten:
    """Do the same as `resume_write` for a kept version."""
    kept = unit_files.version(parameters.file, parameters.version)
    digest = _digest_now(parameters.file, kept.text) or parameters.digest
    return await restore(context, parameters.model_copy(update={"digest": digest}))


async def daemon_reload(context: OperationContext, parameters: schema.UnitDaemonReload) -> Result:
    """Make systemd reread all files."""
    await available(context)
    await context.units.systemd.reload()
    return Result(summary=msg("All unit files were read anew."))


async def start(context: OperationContext, parameters: schema.UnitStart) -> Result:
    """Start it, and wait for the result."""
    await _allowed(context, parameters.unit)
    await _job(context, "StartUnit", parameters.unit)
    return Result(summary=msg("%(unit)s is started.", unit=parameters.unit))


async def stop(context: OperationContext, parameters: schema.UnitStop) -> Result:
    """Stop it, and wait for the result."""
    await _job(context, "StopUnit", parameters.unit)
    return Result(summary=msg("%(unit)s is stopped.", unit=parameters.unit))


async def restart(context: OperationContext, parameters: schema.UnitRestart) -> Result:
    """Stop and start it."""
    await _allowed(context, parameters.unit)
    _need_job(parameters.unit)
    await restart_unit(context, parameters.unit)
    return Result(summary=msg("%(unit)s was restarted.", unit=parameters.unit))


async def enable(context: OperationContext, parameters: schema.UnitEnable) -> Result:
    """Start it at boot."""
    changed = await _quadlet(context, parameters.unit, wanted=True)
    if changed is None:
        await context.units.systemd.enable(parameters.unit)
        await context.units.systemd.reload()
    row = await context.units.row(parameters.unit)
    warnings = [row.boot_reason] if row and row.boot_reason else []
    changes = f" ({changed})" if changed else ""
    return Result(
        summary=msg("%(unit)s starts at boot%(said)s.", unit=parameters.unit, said=changes),
        warnings=warnings,
    )


async def disable(context: OperationContext, parameters: schema.UnitDisable) -> Result:
    """Do not start it at boot. A running unit continues."""
    changed = await _quadlet(context, parameters.unit, wanted=False)
    if changed is None:
        await context.units.systemd.disable(parameters.unit)
        await context.units.systemd.reload()
    changes = f" ({changed})" if changed else ""
    row = await context.units.row(parameters.unit)
    if row and row.starts_at_boot:
        starters = ", ".join(await context.units.starters(parameters.unit))
        return Result(
            summary=msg("%(unit)s is disabled%(said)s.", unit=parameters.unit, said=changes),
            warnings=[
                msg("It still starts at boot, because %(starters)s starts it.", starters=starters)
            ],
        )
    return Result(
        summary=msg(
            "%(unit)s does not start at boot any more%(said)s.", unit=parameters.unit, said=changes
        )
    )


async def reset_failed(context: OperationContext, parameters: schema.UnitResetFailed) -> Result:
    """Clear its failed state."""
    await available(context)
    await context.units.systemd.reset_failed(parameters.unit)
    return Result(summary=msg("The failure of %(unit)s is forgotten.", unit=parameters.unit))


async def available(context: OperationContext) -> None:
    """Raise EngineError (unavailable) if no user manager answers."""
    await context.units.systemd.manager("Version")


async def restart_unit(context: OperationContext, unit: str) -> None:
    """Restart the unit, unless that already happened before the engine died.

    systemd continues without its client, and each start of a unit has its own invocation id.
    """
    systemd = context.units.systemd
    if context.noted:
        await systemd.idle(unit)
        facts = await systemd.properties(unit)
        if _invocation(facts) not in ("", context.noted.rpartition(" ")[2]):
            if facts.get("ActiveState") == "failed":
                raise await control.failed(
                    systemd, unit, msg("%(unit)s did not restart", unit=unit)
                )
            return
    else:
        context.note(f"{unit} {_invocation(await systemd.properties(unit))}")
    await control.carry_out(systemd, "RestartUnit", unit)


def _invocation(facts: dict[str, Any]) -> str:
    return bytes(facts.get("InvocationID") or b"").hex()


async def _job(context: OperationContext, method: str, unit: str) -> None:
    await available(context)
    _need_job(unit)
    await control.carry_out(context.units.systemd, method, unit)


def _need_job(unit: str) -> None:
    """Raise EngineError if systemd cannot start or stop it, or Berth must not."""
    if unit.startswith("berth-engine."):
        raise EngineError(
            ErrorCode.INVALID,
            msg("%(unit)s is Berth's own door to this account.", unit=unit),
            msg("Let the account leave Berth with bin/enroll ACCOUNT --remove instead."),
        )
    if is_template(unit):
        raise EngineError(
            ErrorCode.INVALID,
            msg("%(unit)s is a template, which does not run itself.", unit=unit),
            msg("Name one of its instances, as in %(unit)s.", unit=instance_of(unit, "NAME")),
        )


async def _allowed(context: OperationContext, unit: str) -> None:
    """Evaluate the file that defines the unit anew at each start. Raises EngineError."""
    await available(context)
    if row := await context.units.row(unit):
        await context.admission.admit_kube(row.file)


async def _quadlet(context: OperationContext, unit: str, *, wanted: bool) -> str | None:
    """Edit the [Install] section of a Quadlet. Return what was done; None for other units."""
    await available(context)
    row = await context.units.row(unit)
    if row is None or row.style != "quadlet":
        return None
    if template_of(unit) and not row.template:
        raise EngineError(
            ErrorCode.INVALID,
            msg(
                "%(unit)s is an instance of the Quadlet %(file)s, which all instances share.",
                unit=unit,
                file=row.file,
            ),
            msg(
                "Enable an instance by a link to the template's file beside it "
                "(NAME@INSTANCE.container), or by DefaultInstance= in its [Install] section."
            ),
        )
    found = unit_files.find(row.file)
    if found is None:
        raise EngineError(ErrorCode.NOT_FOUND, msg("There is no file %(file)s.", file=row.file))
    has = "Install" in quadlets.sections(found.text) and "WantedBy" in found.text
    if has == wanted:
        # A dead engine may have written it without reloading systemd.
        await context.units.systemd.reload()
        return msg("its file says so already")
    change = quadlets.with_install if wanted else quadlets.without_install
    await put(context, row.file, change(found.text), found.digest)
    return (
        msg("the [Install] section of %(file)s was added", file=row.file)
        if wanted
        else msg("the [Install] section of %(file)s was removed", file=row.file)
    )

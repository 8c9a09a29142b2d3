"""Details of a unit, its file, and its journal; previews and checks."""

from collections.abc import AsyncIterator

from engine.files.regular_files import printable
from engine.podman import api
from engine.schema import unit_queries as schema
from engine.schema.errors import EngineError, ErrorCode
from engine.schema.messages import joined, msg
from engine.schema.parameters import REDACTED, is_secret
from engine.schema.unit_names import template_of
from engine.systemd import (
    diagnosis,
    drop_ins,
    journal,
    quadlets,
    selinux,
    sources,
    unit_files,
    unit_plan,
    validation,
)
from engine.systemd.inventory import Inventory, start_command

_NEVER = 1 << 63


async def file(units: Inventory, query: schema.UnitFileText) -> AsyncIterator[schema.FileText]:
    """Answer the file, or a kept version of it."""
    place = unit_files.configuration() / query.file
    found = (
        unit_files.version(query.file, query.version)
        if query.version
        else unit_files.find(query.file)
    )
    yield schema.FileText(
        file=query.file,
        text=found.text if found else "",
        digest=found.digest if found else "",
        modified=found.modified if found else None,
        unit=quadlets.unit_of(query.file, found.text if found else ""),
        versions=unit_files.versions(query.file),
        drop_ins=[_drop_in(each) for each in drop_ins.of(query.file)] if found else [],
        selinux=selinux.label(place) if selinux.is_on() else "",
        selinux_expected=await selinux.expected(place),
    )


def _drop_in(path: str) -> schema.DropIn:
    try:
        found = unit_files.find(path)
    except EngineError as error:
        return schema.DropIn(file=printable(path), problem=error.report.message)
    text, digest = (found.text, found.digest) if found else ("", "")
    return schema.DropIn(file=printable(path), text=text, digest=digest)


async def status(units: Inventory, query: schema.UnitStatus) -> AsyncIterator[schema.Status]:
    """Answer the details of one unit. Raises EngineError for one that does not involve Podman."""
    await units.systemd.manager("Version")
    row = await units.row(query.unit)
    if row is None:
        raise EngineError(
            ErrorCode.NOT_FOUND,
            msg("The account has no unit %(unit)s that has to do with Podman.", unit=query.unit),
            msg("It may have been deleted meanwhile."),
        )
    facts = {} if row.template else await units.systemd.properties(query.unit)
    failed = row.active == "failed" or row.result != "success"
    lines = await journal.last(query.unit, 30) if failed else []
    explanation, remedy = diagnosis.failure(
        row.result, str(facts.get("Type") or ""), lines, row.exit_status or 0
    )
    memory, tasks = int(facts.get("MemoryCurrent") or 0), int(facts.get("TasksCurrent") or 0)
    start = start_command(facts)
    yield schema.Status(
        row=row,
        fragment=str(facts.get("FragmentPath") or ""),
        drop_ins=[
            *(str(unit_files.configuration() / each) for each in drop_ins.of(row.file)),
            *(str(each) for each in facts.get("DropInPaths") or []),
        ],
        exec_start=[[_masked(word) for word in start]] if start else [],
        main_pid=int(facts.get("MainPID") or 0) or None,
        memory=memory if 0 < memory < _NEVER else None,
        tasks=tasks if 0 < tasks < _NEVER else None,
        restarts=int(facts.get("NRestarts") or 0),
        requires=[str(each) for each in facts.get("Requires") or []],
        after=[str(each) for each in facts.get("After") or []],
        failure=lines,
        explanation=explanation,
        remedy=remedy,
    )


async def journal_lines(
    units: Inventory, query: schema.UnitJournal
) -> AsyncIterator[schema.JournalLine]:
    """Yield lines of units that involve Podman. The rest of the journal is the account's own."""
    await units.systemd.manager("Version")
    known = {row.unit for row in await units.rows()}
    if query.unit and query.unit not in known:
        raise EngineError(
            ErrorCode.NOT_FOUND,
            msg("The account has no unit %(unit)s that has to do with Podman.", unit=query.unit),
            msg("It may have been deleted meanwhile."),
        )
    chosen = {query.unit} if query.unit else known
    chosen |= {name for name in known if template_of(name) in chosen}
    wanted = sorted(name for name in chosen if sources.is_unit_name(name))
    if not wanted:
        return
    async for line in journal.lines(query, wanted):
        yield line


async def check(units: Inventory, query: schema.UnitValidate) -> AsyncIterator[schema.Validation]:
    """Answer what is wrong with a text that is not saved."""
    yield await validation.check(query.file, query.text)


async def preview(
    units: Inventory, query: schema.ContainerUnitPreview
) -> AsyncIterator[schema.UnitPreview]:
    """Answer what container.autostart would write, in each style."""
    await units.systemd.manager("Version")
    found = await api.inspect_container(units.podman, query.container)
    managed = await units.owned(query.container)
    default = unit_plan.default_style()
    styles = []
    for style in ("quadlet", "generate-new", "generate-classic"):
        notes = [unit_plan.CLASSIC_NOTE] if style == "generate-classic" else []
        try:
            plan = await unit_plan.plan(units.podman, found, style, of_unit=bool(managed))
        except EngineError as error:
            reason = joined([error.report.message, error.report.remedy])
            styles.append(
                schema.StylePreview(style=style, available=False, reason=reason, notes=notes)
            )
            continue
        styles.append(
            schema.StylePreview(
                style=style,
                default=style == default,
                unit=plan.unit,
                files=[
                    schema.PreviewFile(file=name, text=text) for name, text in plan.files.items()
                ],
                not_carried_over=plan.not_carried_over,
                notes=[*notes, *(each.note for each in plan.volumes)],
            )
        )
    yield schema.UnitPreview(container=str(found["Name"]), managed_by=managed, styles=styles)


def _masked(word: str) -> str:
    """Mask a secret in a word of a command line that viewers can see.

    That is the value in `NAME=value` or `--env=NAME=value`.
    """
    before, equals, value = word.partition("=")
    if before.startswith("-") and "=" in value:
        return f"{before}={_masked(value)}"
    return f"{before}={REDACTED}" if equals and is_secret(before, value) else word

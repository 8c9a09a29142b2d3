"""The account's units as rows, from the files on disk, systemd, and containers.

A problem with one unit appears in its own row and never prevents reading the others.
"""

import asyncio
import logging
import os
import re
from collections.abc import AsyncGenerator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from engine.podman import api
from engine.podman.client import Podman
from engine.process.environment import account_name
from engine.schema.errors import EngineError, ErrorCode
from engine.schema.messages import msg
from engine.schema.snapshot import UnitRow
from engine.schema.unit_names import is_template, template_of
from engine.systemd import drop_ins, quadlets, selinux, sources, unit_files
from engine.systemd.boot import Boot
from engine.systemd.quadlet_image import wanted_image
from engine.systemd.sources import Source
from engine.systemd.user_manager import Systemd, absent

log = logging.getLogger(__name__)
UNIT_LABEL = "PODMAN_SYSTEMD_UNIT"
# Health checks are transient units named after a container's id.
_OTHERS = re.compile(r"^[0-9a-f]{64}|\.(scope|slice|device|mount|socket|target)$|^berth-engine")
CLASSIC_FLAW = msg(
    "Made by `podman generate systemd` without --new: after a reboot its old container is left "
    "over, and nothing that was changed in the image or the unit reaches it."
)
# Error codes about one unit. With any other, systemd itself is unreachable.
_GONE = (ErrorCode.UNAVAILABLE, ErrorCode.TIMEOUT)


class Inventory:
    """Reads the rows. Remembers what cannot change (how a container was created)."""

    def __init__(self, podman: Podman, systemd: Systemd) -> None:
        self.podman = podman
        self.systemd = systemd
        self._made_by: dict[str, list[str]] = {}
        self._known: set[str] | None = None

    async def rows(self, containers: list[dict[str, Any]] | None = None) -> list[UnitRow]:
        """Return all rows, sorted by unit; [] without a user manager.

        Raises EngineError if systemd or Podman is unreachable.
        """
        if absent():
            return []
        await self.systemd.manager("Version")
        if containers is None:
            containers = await self._containers()
        owners = _owners(containers)
        found, links = await asyncio.to_thread(_on_disk)
        loaded = await self.systemd.loaded("*@*.service")
        found |= sources.instances(found, {*owners, *loaded, *links})
        for unit in owners:
            if not is_template(unit):
                found.setdefault(unit, Source(unit, "", "service", "other"))
        properties = await asyncio.gather(*(self._facts(each) for each in found.values()))
        facts = dict(zip(found, properties, strict=True))
        refused = await self._refused(
            any(
                source.style == "quadlet" and facts[unit].get("LoadState") != "loaded"
                for unit, source in found.items()
            )
        )
        boot = Boot(self.systemd, links)
        for unit, known in facts.items():
            boot.know(unit, known)
        texts = {source.file.rpartition("/")[2]: source.text for source in found.values()}
        rows = []
        for unit, source in found.items():
            known = facts[unit]
            if not source.file and known.get("LoadState") != "loaded":
                continue  # only a container's label still mentions it
            if source.is_alias and known.get("Id") not in (unit, None) and known["Id"] in found:
                continue  # another name of a unit that has a row
            problem = source.problem or str(known.get("problem") or "")
            if not problem and source.style == "quadlet" and not _is_loaded(known):
                problem = refused.get(source.file.rpartition("/")[2], "") or refused.get("", "")
            source = replace(source, problem=problem)
            rows.append(await self._row_or_why(source, known, owners.get(unit, []), texts, boot))
        self._known = {*found, "podman-auto-update.timer"}
        return sorted(rows, key=lambda row: row.unit)

    async def row(self, unit: str) -> UnitRow | None:
        """Return one unit's row, or None if it does not exist or does not involve Podman."""
        return next((row for row in await self.rows() if row.unit == unit), None)

    async def starters(self, unit: str) -> list[str]:
        """Return the units that start this one when they start."""
        return await Boot(self.systemd, sources.enabled_by_links()).starters(unit)

    async def changes(self) -> AsyncGenerator[str, None]:
        """Yield the names of units as they change; "": any of them may have changed."""
        async for name in self.systemd.signals():
            if not name or self._may_be_ours(name):
                yield name

    async def owned(self, container: str) -> str:
        """Return the loaded unit that manages a container, or "". Raises EngineError.

        An unreadable unit never affects a container that no unit created.
        """
        if absent():
            return ""
        found = await api.inspect_container(self.podman, container)
        label = str((found["Config"].get("Labels") or {}).get(UNIT_LABEL) or "")
        if label and label != "podman-restart.service" and _names_a_unit(label):
            facts = await self.systemd.properties(label)
            if facts.get("LoadState") == "loaded":
                return label
        return await self._classic_owner(str(found["Id"]), str(found["Name"]))

    async def _classic_owner(self, identity: str, name: str) -> str:
        """Return the classic unit whose command starts this very container."""
        for unit, source in (await asyncio.to_thread(sources.read)).items():
            if source.style != "generate-classic" or source.problem:
                continue
            try:
                facts = await self.systemd.properties(unit)
            except EngineError as error:
                log.warning("%s cannot be asked about: %s", unit, error)
                continue
            argv = start_command(facts)
            starts = "start" in argv and argv[-1] in (name, identity)
            if starts and facts.get("LoadState") == "loaded":
                return unit
        return ""

    def _may_be_ours(self, name: str) -> bool:
        known = self._known
        if _OTHERS.search(name):
            return False
        return known is None or name in known or template_of(name) in known

    async def _containers(self) -> list[dict[str, Any]]:
        return await api.list_containers(self.podman)

    async def _facts(self, source: Source) -> dict[str, Any]:
        """Return systemd's properties; `problem` says why there are none.

        Raises EngineError if systemd is gone.
        """
        if not source.has_unit_name:
            return {}
        try:
            if is_template(source.unit):
                state = await self.systemd.file_state(source.unit)
                return {"LoadState": "template", "UnitFileState": state}
            return await self.systemd.properties(source.unit)
        except EngineError as error:
            if error.report.code in _GONE:
                raise
            if is_template(source.unit) and error.report.code is ErrorCode.NOT_FOUND:
                return {}  # systemd has not read its file yet
            return {
                "problem": msg(
                    "systemd says of %(unit)s: %(message)s",
                    unit=source.unit,
                    message=error.report.message,
                )
            }

    async def _refused(self, some: bool) -> dict[str, str]:
        """Return why the generator rejected files, by their names; "": why it rejected any file."""
        if not some or not quadlets.generator():
            return {}
        try:
            made, complaints = await quadlets.dry_run({})
        except EngineError as error:
            return {
                "": msg(
                    "Podman's generator cannot be asked: %(message)s", message=error.report.message
                )
            }
        refused = quadlets.failures(complaints)
        if complaints and not made:
            # It gave up before it reached any file (a dangling link causes that).
            refused[""] = complaints[0]
        return refused

    async def _row_or_why(
        self,
        source: Source,
        facts: dict[str, Any],
        owned: list[dict[str, Any]],
        texts: dict[str, str],
        boot: Boot,
    ) -> UnitRow:
        """Return its row or, if that fails, one with the reason."""
        try:
            row = await self._row(source, facts, owned, boot)
        except (EngineError, OSError, LookupError, TypeError, ValueError) as error:
            if isinstance(error, EngineError) and error.report.code in _GONE:
                raise
            log.exception("no row can be made of %s", source.unit)
            problem = source.problem or msg("It cannot be read: %(error)s", error=error)
            return UnitRow(
                unit=source.unit, file=source.file, kind=source.kind, style=source.style,
                problem=problem, readable=False,
            )  # fmt: skip
        if source.kind == "container" and source.text:
            text = "\n".join([source.text, *drop_ins.texts(source.file)])
            row = row.model_copy(update={"image": wanted_image(text, texts)})
        return row

    async def _row(
        self, source: Source, facts: dict[str, Any], owned: list[dict[str, Any]], boot: Boot
    ) -> UnitRow:
        argv, style = start_command(facts), source.style
        if style == "generate-classic":
            owned = owned or await self._started_by(argv)
        state = str(facts.get("UnitFileState") or "")
        boots, reason = await _boots(source, state, facts, boot)
        active = str(facts.get("ActiveState") or "inactive")
        ended = [row for row in owned if row["State"] not in ("running", "paused")]
        readable = not source.file or source.is_read
        return UnitRow(
            unit=source.unit,
            description=str(facts.get("Description") or "") if source.has_unit_name else "",
            file=source.file,
            readable=readable,
            kind=source.kind,
            style=style,
            template=is_template(source.unit),
            load=str(facts.get("LoadState") or "not-found"),
            active=active,
            sub=str(facts.get("SubState") or "dead"),
            since=moment(facts.get("StateChangeTimestamp")),
            file_state=state,
            starts_at_boot=boots,
            boot_reason=reason,
            result=str(facts.get("Result") or "success"),
            exit_status=int(facts.get("ExecMainStatus") or 0) or None,
            needs_reload=not source.problem and _needs_reload(source, facts),
            problem=source.problem,
            containers=sorted(str(row["Names"][0]) for row in owned if row.get("Names")),
            differs=active == "active" and await self._differs(argv, owned),
            leftovers=sorted(str(row["Names"][0]) for row in ended)
            if style == "generate-classic" and active != "active"
            else [],
            selinux=await selinux.state(unit_files.configuration() / source.file)
            if readable
            else "",
            warnings=[
                *([CLASSIC_FLAW] if style == "generate-classic" else []),
                *([source.note] if source.note else []),
            ],
        )

    async def _started_by(self, argv: list[str]) -> list[dict[str, Any]]:
        """Return the container that `podman start NAME` of a classic unit names."""
        if "start" not in argv:
            return []
        names = {argv[-1]}
        return [
            row
            for row in await self._containers()
            if names & set(row.get("Names") or []) or row["Id"] in names
        ]

    async def _differs(self, argv: list[str], owned: list[dict[str, Any]]) -> bool:
        """Return whether its only running container came from another command than the unit's."""
        if len(owned) != 1 or "run" not in argv or any("${" in each for each in argv):
            return False
        made = await self._command_of(str(owned[0]["Id"]))
        return bool(made) and _comparable(made) != _comparable(argv)

    async def _command_of(self, container: str) -> list[str]:
        if container not in self._made_by:
            try:
                found = await api.inspect_container(self.podman, container)
            except EngineError:
                return []  # it is gone
            if len(self._made_by) > 2000:
                self._made_by.clear()
            self._made_by[container] = list(found["Config"].get("CreateCommand") or [])
        return self._made_by[container]


def start_command(facts: dict[str, Any]) -> list[str]:
    """Return the words of a service's first ExecStart."""
    commands = facts.get("ExecStart") or []
    return [str(each) for each in commands[0][1]] if commands else []


def lingers() -> bool:
    """Return whether the user manager starts at boot (logind has a file per lingering user)."""
    return os.path.exists(f"/var/lib/systemd/linger/{account_name()}")


def moment(microseconds: Any) -> datetime | None:
    """Convert systemd's timestamp. 0 means never."""
    value = int(microseconds or 0)
    return datetime.fromtimestamp(value / 1e6, UTC) if 0 < value < 1 << 63 else None


def _on_disk() -> tuple[dict[str, Source], dict[str, set[str]]]:
    return sources.read(), sources.enabled_by_links()


def _owners(containers: list[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {}
    for row in containers:
        unit = str((row.get("Labels") or {}).get(UNIT_LABEL) or "")
        if _names_a_unit(unit):
            found.setdefault(unit, []).append(row)
    return found


def _names_a_unit(name: str) -> bool:
    return sources.is_unit_name(name) and name[0] not in "-." and not is_template(name)


def _is_loaded(facts: dict[str, Any]) -> bool:
    return facts.get("LoadState") in ("loaded", "template", "masked")


def _needs_reload(source: Source, facts: dict[str, Any]) -> bool:
    if facts.get("NeedDaemonReload"):
        return True
    if source.style != "quadlet":
        return False
    if facts.get("LoadState", "not-found") == "not-found":
        return True
    fragment = str(facts.get("FragmentPath") or "")
    return bool(fragment) and drop_ins.changed_since(source.file, Path(fragment))


async def _boots(source: Source, state: str, facts: dict[str, Any], boot: Boot) -> tuple[bool, str]:
    """Return whether it starts at boot, and why not."""
    if is_template(source.unit):
        return False, msg("A template starts nothing by itself: its instances do.")
    if not source.has_unit_name or facts.get("LoadState") == "masked":
        return False, msg("It is masked.") if facts.get("LoadState") == "masked" else ""
    if not await boot.starts(source.unit):
        by = await boot.starters(source.unit)
        if by:
            return False, msg(
                "It is started by %(by)s, which does not start at boot.", by=", ".join(by[:5])
            )
        if source.style == "quadlet":
            return False, msg("Its file has no [Install] section that takes effect.")
        return False, msg("It is not enabled.") if not state.startswith("enabled") else (
            msg("It is enabled, but nothing that starts at boot starts it.")
        )
    if not lingers():
        return False, msg("Lingering is off: the account's units start at its first login only.")
    return True, ""


def _comparable(argv: list[str]) -> list[str]:
    return [Path(argv[0]).name, *(each.replace("$$", "$") for each in argv[1:])] if argv else []

"""The account's units as rows: what stands on the disk, what systemd knows, what containers say."""

import asyncio
import os
import re
from collections.abc import AsyncGenerator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

from engine.adapters.podman import Podman
from engine.adapters.systemd import Systemd, absent
from engine.environment import account_name
from engine.schema.errors import EngineError
from engine.schema.snapshot import UnitRow
from engine.schema.unit_names import QUADLET_KINDS, SourceKind, Style, kind_of
from engine.units import files, quadlets, selinux
from engine.units.wanted_image import wanted_image

UNIT_LABEL = "PODMAN_SYSTEMD_UNIT"
_RUNS_PODMAN = re.compile(r"^\s*Exec\w*\s*=.*\bpodman\b", re.M)
_HEALTH_CHECK = re.compile(r"^[0-9a-f]{64}|\.scope$|\.slice$|\.device$|\.mount$|^berth-engine")
CLASSIC_FLAW = (
    "Made by `podman generate systemd` without --new: after a reboot its old container is left "
    "over, and nothing that was changed in the image or the unit reaches it."
)


class Inventory:
    """Reads the rows; remembers what cannot change (how a container was made)."""

    def __init__(self, podman: Podman, systemd: Systemd) -> None:
        self.podman = podman
        self.systemd = systemd
        self._made_by: dict[str, list[str]] = {}
        self._known: set[str] | None = None

    async def rows(self, containers: list[dict[str, Any]] | None = None) -> list[UnitRow]:
        """All rows, sorted by unit; [] where there is no user manager."""
        if absent():
            return []
        if containers is None:
            containers = await self._containers()
        owners = _owners(containers)
        sources = _sources()
        for unit in owners:
            sources.setdefault(unit, ("", "", "service", "other"))
        refused: dict[str, str] = {}
        facts = dict(
            zip(
                sources,
                await asyncio.gather(*(self.systemd.properties(unit) for unit in sources)),
                strict=True,
            )
        )
        missing = [
            unit
            for unit, (_, _, _, style) in sources.items()
            if style == "quadlet" and facts[unit].get("LoadState") != "loaded"
        ]
        if missing and quadlets.generator():
            made, complaints = await quadlets.dry_run({})
            refused = quadlets.failures(complaints)
            if complaints and not made:
                # It gave up before it came to any file (a link that leads nowhere does that).
                refused[""] = complaints[0]
        texts = {file.rpartition("/")[2]: text for file, text, _, _ in sources.values()}
        rows = []
        for unit, (file, text, kind, style) in sources.items():
            if not file and facts[unit].get("LoadState") != "loaded":
                continue  # only a container's label still tells of it
            row = await self._row(unit, file, kind, style, facts[unit], owners.get(unit, []))
            if kind == "container":
                row = row.model_copy(update={"image": wanted_image(text, texts)})
            problem = refused.get(file.rpartition("/")[2], "")
            if unit in missing and not problem:
                problem = refused.get("", "")
            refusal = {"problem": problem, "needs_reload": False}
            rows.append(row.model_copy(update=refusal) if problem else row)
        self._known = {*sources, "podman-auto-update.timer"}
        return sorted(rows, key=lambda row: row.unit)

    async def row(self, unit: str) -> UnitRow | None:
        """One unit's row; None when it has nothing to do with Podman, or is not there."""
        return next((row for row in await self.rows() if row.unit == unit), None)

    async def changes(self) -> AsyncGenerator[str, None]:
        """Names of units that changed, as it happens; "": any of them may have."""
        async for name in self.systemd.signals():
            if not name or (
                not _HEALTH_CHECK.search(name) and (self._known is None or name in self._known)
            ):
                yield name

    async def owned(self, container: str) -> str:
        """The loaded unit that manages a container, "" when none does. Raises EngineError."""
        if absent():
            return ""
        found = await self.podman.call("GET", f"/containers/{container}/json")
        label = (found["Config"].get("Labels") or {}).get(UNIT_LABEL) or ""
        if label and label not in ("podman-restart.service",) and _is_service(label):
            facts = await self.systemd.properties(label)
            if facts.get("LoadState") == "loaded":
                return str(label)
        for row in await self.rows():
            if found["Name"] in row.containers and row.load == "loaded":
                return row.unit
        return ""

    async def _containers(self) -> list[dict[str, Any]]:
        answer = await self.podman.call("GET", "/containers/json", params={"all": "true"})
        return list(answer or [])

    async def _row(
        self,
        unit: str,
        file: str,
        kind: str,
        style: Style,
        facts: dict[str, Any],
        owned: list[dict[str, Any]],
    ) -> UnitRow:
        argv = start_command(facts)
        if style == "generate-classic":
            owned = owned or await self._started_by(argv)
        state = str(facts.get("UnitFileState") or "")
        boots, reason = _boots(style, state, facts)
        active = str(facts.get("ActiveState") or "inactive")
        ended = [row for row in owned if row["State"] not in ("running", "paused")]
        return UnitRow(
            unit=unit,
            description=str(facts.get("Description") or ""),
            file=file,
            kind=cast(SourceKind, kind),
            style=style,
            load=str(facts.get("LoadState") or "not-found"),
            active=active,
            sub=str(facts.get("SubState") or "dead"),
            since=moment(facts.get("StateChangeTimestamp")),
            file_state=state,
            starts_at_boot=boots,
            boot_reason=reason,
            result=str(facts.get("Result") or "success"),
            exit_status=int(facts.get("ExecMainStatus") or 0) or None,
            needs_reload=bool(facts.get("NeedDaemonReload"))
            or (style == "quadlet" and facts.get("LoadState") == "not-found"),
            containers=sorted(str(row["Names"][0]) for row in owned if row.get("Names")),
            differs=active == "active" and await self._differs(argv, owned),
            leftovers=sorted(str(row["Names"][0]) for row in ended)
            if style == "generate-classic" and active != "active"
            else [],
            selinux=await selinux.state(files.configuration() / file) if file else "",
            warnings=[CLASSIC_FLAW] if style == "generate-classic" else [],
        )

    async def _started_by(self, argv: list[str]) -> list[dict[str, Any]]:
        """The container that `podman start NAME` of a classic unit names."""
        if "start" not in argv:
            return []
        names = {argv[-1]}
        return [
            row
            for row in await self._containers()
            if names & set(row.get("Names") or []) or row["Id"] in names
        ]

    async def _differs(self, argv: list[str], owned: list[dict[str, Any]]) -> bool:
        """Whether the one running container was made by another command than the unit's."""
        if len(owned) != 1 or "run" not in argv or any("${" in each for each in argv):
            return False
        made = await self._command_of(str(owned[0]["Id"]))
        return bool(made) and _comparable(made) != _comparable(argv)

    async def _command_of(self, container: str) -> list[str]:
        if container not in self._made_by:
            try:
                found = await self.podman.call("GET", f"/containers/{container}/json")
            except EngineError:
                return []  # it has gone meanwhile
            if len(self._made_by) > 2000:
                self._made_by.clear()
            self._made_by[container] = list(found["Config"].get("CreateCommand") or [])
        return self._made_by[container]


def start_command(facts: dict[str, Any]) -> list[str]:
    """The words of a service's first ExecStart."""
    commands = facts.get("ExecStart") or []
    return [str(each) for each in commands[0][1]] if commands else []


def lingers() -> bool:
    """Whether the account's user manager starts at boot (logind keeps a file a lingering user)."""
    return os.path.exists(f"/var/lib/systemd/linger/{account_name()}")


def moment(microseconds: Any) -> datetime | None:
    """systemd's time stamps; 0 is never."""
    value = int(microseconds or 0)
    return datetime.fromtimestamp(value / 1e6, UTC) if 0 < value < 1 << 63 else None


def style_of(text: str) -> Style:
    """How a unit file came to be."""
    if "autogenerated by Podman" not in text:
        return "other"
    made_anew = re.search(r"^\s*ExecStart=\S*podman (container )?run\b", text, re.M)
    pod_made_anew = re.search(r"^\s*ExecStartPre=\S*podman pod create\b", text, re.M)
    return "generate-new" if made_anew or pod_made_anew else "generate-classic"


def _sources() -> dict[str, tuple[str, str, str, Style]]:
    """Files that make units, by unit: file, text, kind, style."""
    found: dict[str, tuple[str, str, str, Style]] = {}
    for file in files.all_files():
        try:
            here = files.find(file)
        except EngineError:
            continue  # a link, or not the account's: shown nowhere, as it is never followed
        if here is None:
            continue
        kind = kind_of(file)
        quadlet = kind in QUADLET_KINDS
        if not quadlet and not _RUNS_PODMAN.search(here.text):
            continue
        style: Style = "quadlet" if quadlet else style_of(here.text)
        found.setdefault(quadlets.unit_of(file, here.text), (file, here.text, kind, style))
    return found


def _owners(containers: list[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {}
    for row in containers:
        unit = str((row.get("Labels") or {}).get(UNIT_LABEL) or "")
        if _is_service(unit):
            found.setdefault(unit, []).append(row)
    return found


def _is_service(name: str) -> bool:
    return bool(re.fullmatch(r"[a-zA-Z0-9_:.@\\-]{1,200}\.service", name)) and name[0] not in "-."


def _boots(style: Style, state: str, facts: dict[str, Any]) -> tuple[bool, str]:
    if style == "quadlet":
        wanted = any(facts.get(name) for name in ("WantedBy", "RequiredBy", "UpheldBy"))
        why = "Its file has no [Install] section that takes effect."
    else:
        wanted = state.startswith("enabled")
        why = "It is not enabled."
    if not wanted:
        return False, why
    if not lingers():
        return False, "Lingering is off: the account's units start at its first login only."
    return True, ""


def _comparable(argv: list[str]) -> list[str]:
    return [Path(argv[0]).name, *(each.replace("$$", "$") for each in argv[1:])] if argv else []

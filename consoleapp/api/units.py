"""/accounts/{account}/units: units and Quadlets, their files, the doctor, auto-updates."""

from datetime import datetime
from typing import Annotated, Any, Literal

from asgiref.sync import sync_to_async
from django.http import HttpRequest, HttpResponse
from ninja import Query, Router
from pydantic import BaseModel, Field

from consoleapp.accounts.access import refuse, role_on
from consoleapp.accounts.models import LinuxAccount
from consoleapp.api.accounts import find_account
from consoleapp.api.answers import send
from consoleapp.api.credentials import actor_of
from consoleapp.api.problems import Problem, responses
from consoleapp.api.snapshot import Current, current
from consoleapp.core.actor import Actor
from consoleapp.live import relay
from engine.schema import unit_queries as queries
from engine.schema.parameters import ContainerName, Model, Role
from engine.schema.query import Query as EngineQuery
from engine.schema.snapshot import UnitRow
from engine.schema.unit_names import UnitFile, UnitName, VersionId

router = Router(tags=["units"])
SortKey = Literal["unit", "-unit", "active", "-active", "kind", "-kind"]


class UnitFilter(BaseModel):
    """Filters and order of rows. `search` matches units, descriptions, files, and containers."""

    active: list[str] = []
    style: list[str] = []
    search: Annotated[str, Field(max_length=200)] = ""
    sort: SortKey = "unit"
    limit: Annotated[int, Field(ge=1, le=10_000)] = 1000
    offset: Annotated[int, Field(ge=0, le=1_000_000)] = 0


class UnitList(BaseModel):
    """Rows as of `taken`. `live`: changes are being followed. `total` counts all pages.

    `unavailable` is why the account has no units at all, or why they cannot be read now (the rows
    are then the previous ones); otherwise "".
    """

    account: str
    taken: datetime
    live: bool
    unavailable: str
    total: int
    units: list[UnitRow]


class Text(Model):
    """An unsaved text, and its intended file."""

    file: UnitFile
    text: Annotated[str, Field(max_length=32_768)]


def _unavailable(known: Current) -> str:
    info = known.snapshot.info
    return info.units_unread if info.systemd else info.no_systemd


def _matches(row: UnitRow, filters: UnitFilter) -> bool:
    if filters.active and row.active not in filters.active:
        return False
    if filters.style and row.style not in filters.style:
        return False
    text = " ".join([row.unit, row.description, row.file, *row.containers]).lower()
    return all(word in text for word in filters.search.lower().split())


@router.get("/accounts/{account}/units", response=responses({200: UnitList}, 503), summary="Units")
def list_units(request: HttpRequest, account: str, filters: Query[UnitFilter]) -> HttpResponse:
    """List units that involve Podman, at least as recent as the last ended operation."""
    found = find_account(actor_of(request), account)
    known = current(found)
    rows = [row for row in known.snapshot.units if _matches(row, filters)]
    name = filters.sort.removeprefix("-")
    rows.sort(key=lambda row: (getattr(row, name), row.unit), reverse=filters.sort.startswith("-"))
    return send(
        UnitList.model_construct(
            account=found.key,
            taken=known.snapshot.taken,
            live=known.live,
            unavailable=_unavailable(known),
            total=len(rows),
            units=rows[filters.offset : filters.offset + filters.limit],
        )
    )


@router.get(
    "/accounts/{account}/units/{unit}", response=responses({200: UnitRow}, 503), summary="One unit"
)
def read_unit(request: HttpRequest, account: str, unit: str) -> HttpResponse:
    """Return one row, by the unit's full name."""
    known = current(find_account(actor_of(request), account))
    found = next((row for row in known.snapshot.units if row.unit == unit), None)
    if found is None:
        if known.snapshot.info.units_unread:
            raise Problem(503, f"The units cannot be read: {known.snapshot.info.units_unread}")
        raise Problem(404, f"There is no unit {unit!r} in this account.")
    return send(found)


@router.get(
    "/accounts/{account}/units/{unit}/status",
    response=responses({200: queries.Status}, 503, 504),
    summary="Status of a unit",
)
async def read_status(request: HttpRequest, account: str, unit: UnitName) -> dict[str, Any]:
    """Return systemd's current status; for a failed unit, also its last log lines explained."""
    return await _query_engine(request, account, queries.UnitStatus(unit=unit))


@router.get(
    "/accounts/{account}/unit-files",
    response=responses({200: queries.FileText}, 403, 503, 504),
    summary="A unit's file",
)
async def read_unit_file(
    request: HttpRequest, account: str, file: UnitFile, version: VersionId | None = None
) -> dict[str, Any]:
    """Return the text, its digest for `unit.write`, and the kept versions. For operators."""
    return await _query_engine(request, account, queries.UnitFileText(file=file, version=version))


@router.post(
    "/accounts/{account}/unit-files/validate",
    response=responses({200: queries.Validation}, 403, 503, 504),
    summary="Validate a text",
)
async def validate_text(request: HttpRequest, account: str, text: Text) -> dict[str, Any]:
    """Validate a text with Podman's generator and systemd. Nothing is written. For operators."""
    return await _query_engine(
        request, account, queries.UnitValidate(file=text.file, text=text.text)
    )


@router.get(
    "/accounts/{account}/containers/{container}/unit-preview",
    response=responses({200: queries.UnitPreview}, 403, 503, 504),
    summary="Preview a container's unit",
)
async def preview_unit(
    request: HttpRequest, account: str, container: ContainerName
) -> dict[str, Any]:
    """Return what `container.autostart` would write in each style, and what would be missing."""
    return await _query_engine(request, account, queries.ContainerUnitPreview(container=container))


@router.get(
    "/accounts/{account}/doctor",
    response=responses({200: queries.Health}, 503, 504),
    summary="Health of the session",
)
async def read_doctor(request: HttpRequest, account: str) -> dict[str, Any]:
    """Check what rootless Podman requires of the account's session, with remedies."""
    return await _query_engine(request, account, queries.SessionHealth())


@router.get(
    "/accounts/{account}/auto-updates",
    response=responses({200: queries.AutoUpdates}, 503, 504),
    summary="Auto-updates",
)
async def read_auto_updates(request: HttpRequest, account: str) -> dict[str, Any]:
    """Run `podman auto-update --dry-run`, and return its timer."""
    return await _query_engine(request, account, queries.AutoUpdatePreview())


async def _query_engine(request: HttpRequest, account: str, query: EngineQuery) -> dict[str, Any]:
    actor = actor_of(request)
    found = await sync_to_async(_allowed)(actor, account, query)
    return await relay.document(found, query, actor)


def _allowed(actor: Actor, account: str, query: EngineQuery) -> LinuxAccount:
    """Raise Problem: 404 without a grant, 403 if the role or the token's scope is insufficient."""
    found = find_account(actor, account)
    role = role_on(actor.user, found)
    if role is None or not role.covers(query.role):
        refuse(actor, found, f"query {query.query}", query.role)
        raise Problem(403, f"This needs the role {query.role} on {found.key}.")
    if actor.token and actor.token.scope == "read" and query.role is not Role.VIEWER:
        refuse(actor, found, f"query {query.query} with a token that only reads", query.role)
        raise Problem(403, "This token may only read what viewers see.")
    return found

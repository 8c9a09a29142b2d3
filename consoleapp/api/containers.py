"""/accounts/{account}/containers: the rows of `podman ps -a`, and details of one container."""

from datetime import datetime
from typing import Annotated, Any, Literal

from asgiref.sync import sync_to_async
from django.http import HttpRequest, HttpResponse
from ninja import Query, Router
from pydantic import BaseModel, Field

from consoleapp.api.accounts import find_account
from consoleapp.api.answers import send
from consoleapp.api.credentials import actor_of
from consoleapp.api.problems import Problem, responses
from consoleapp.api.snapshot import current
from consoleapp.live import relay
from consoleapp.live.redaction import container_row
from engine.schema.parameters import ContainerName
from engine.schema.queries import (
    ContainerChanges,
    ContainerInspect,
    ContainerTop,
    Table,
)
from engine.schema.queries import Query as EngineQuery
from engine.schema.snapshot import ContainerRow, ContainerState

router = Router(tags=["containers"])
SortKey = Literal["name", "-name", "created", "-created", "state", "-state", "image", "-image"]


class ContainerFilter(BaseModel):
    """Filters and order of rows. `search` matches names, images, and ids."""

    state: list[ContainerState] = []
    search: Annotated[str, Field(max_length=200)] = ""
    sort: SortKey = "name"
    limit: Annotated[int, Field(ge=1, le=10_000)] = 1000
    offset: Annotated[int, Field(ge=0, le=1_000_000)] = 0


class ContainerList(BaseModel):
    """Rows as of `taken`. `live`: changes are being followed. `total` counts all pages."""

    account: str
    taken: datetime
    live: bool
    total: int
    containers: list[ContainerRow]


def _matches(row: ContainerRow, filters: ContainerFilter) -> bool:
    if filters.state and row.state not in filters.state:
        return False
    words = filters.search.lower().split()
    text = f"{row.name} {row.image} {row.id}".lower()
    return all(word in text for word in words)


@router.get(
    "/accounts/{account}/containers",
    response=responses({200: ContainerList}, 503),
    summary="Containers",
)
def list_containers(
    request: HttpRequest, account: str, filters: Query[ContainerFilter]
) -> HttpResponse:
    """List containers in all states, at least as recent as the account's last ended operation."""
    found = find_account(actor_of(request), account)
    known = current(found)
    rows = [row for row in known.snapshot.containers if _matches(row, filters)]
    name = filters.sort.removeprefix("-")
    rows.sort(key=lambda row: (getattr(row, name), row.name), reverse=filters.sort.startswith("-"))
    return send(
        ContainerList.model_construct(
            account=found.key,
            taken=known.snapshot.taken,
            live=known.live,
            total=len(rows),
            containers=[
                container_row(row) for row in rows[filters.offset : filters.offset + filters.limit]
            ],
        )
    )


@router.get(
    "/accounts/{account}/containers/{container}",
    response=responses({200: ContainerRow}, 503),
    summary="One container",
)
def read_container(request: HttpRequest, account: str, container: str) -> HttpResponse:
    """Return one row, by name, id, or an unambiguous prefix of the id."""
    known = current(find_account(actor_of(request), account))
    rows = known.snapshot.containers
    exact = [row for row in rows if container in (row.name, row.id)]
    found = exact or [row for row in rows if len(container) >= 3 and row.id.startswith(container)]
    if len(found) != 1:
        raise Problem(404, f"There is no container {container!r} in this account.")
    return send(container_row(found[0]))


async def _query_engine(request: HttpRequest, account: str, query: EngineQuery) -> dict[str, Any]:
    actor = actor_of(request)
    found = await sync_to_async(find_account)(actor, account)
    return await relay.document(found, query, actor)


@router.get(
    "/accounts/{account}/containers/{container}/inspect",
    response=responses({200: dict[str, Any]}, 503, 504),
    summary="Inspect a container",
)
async def inspect_container(
    request: HttpRequest, account: str, container: ContainerName
) -> dict[str, Any]:
    """Query Podman's own inspect data. What looks like a secret is masked."""
    answer = await _query_engine(request, account, ContainerInspect(container=container))
    data: dict[str, Any] = answer["data"]
    return data


@router.get(
    "/accounts/{account}/containers/{container}/top",
    response=responses({200: Table}, 409, 503, 504),
    summary="Processes of a container",
)
async def list_processes(
    request: HttpRequest, account: str, container: ContainerName
) -> dict[str, Any]:
    """Query its processes."""
    return await _query_engine(request, account, ContainerTop(container=container))


@router.get(
    "/accounts/{account}/containers/{container}/changes",
    response=responses({200: Table}, 503, 504),
    summary="Changed files of a container",
)
async def list_changes(
    request: HttpRequest, account: str, container: ContainerName
) -> dict[str, Any]:
    """Query the differences from its image (`podman diff`)."""
    return await _query_engine(request, account, ContainerChanges(container=container))

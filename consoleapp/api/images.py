"""/accounts/{account}/images: the rows of `podman images`."""

from datetime import datetime
from typing import Annotated, Any, Literal

from django.http import HttpRequest, HttpResponse
from ninja import Query, Router
from pydantic import BaseModel, Field

from consoleapp.api.accounts import find_account
from consoleapp.api.answers import send
from consoleapp.api.credentials import actor_of
from consoleapp.api.problems import Problem, responses
from consoleapp.api.snapshot import current
from consoleapp.live.redaction import image_row
from engine.schema.snapshot import ImageRow

router = Router(tags=["images"])
SortKey = Literal["name", "-name", "created", "-created", "size", "-size"]


class ImageFilter(BaseModel):
    """Filters and order of rows. `search` matches tags, digests, and ids."""

    dangling: bool | None = None
    search: Annotated[str, Field(max_length=200)] = ""
    sort: SortKey = "name"
    limit: Annotated[int, Field(ge=1, le=10_000)] = 1000
    offset: Annotated[int, Field(ge=0, le=1_000_000)] = 0


class ImageList(BaseModel):
    """Rows as of `taken`. `live`: changes are being followed. `total` counts all pages.

    `unavailable` is why Podman cannot list images now (the rows are then the previous ones), or "".
    """

    account: str
    taken: datetime
    live: bool
    unavailable: str
    total: int
    images: list[ImageRow]


def _matches(row: ImageRow, filters: ImageFilter) -> bool:
    if filters.dangling is not None and row.dangling != filters.dangling:
        return False
    text = " ".join([*row.tags, row.digest, row.id]).lower()
    return all(word in text for word in filters.search.lower().split())


def _order(row: ImageRow, by: str) -> tuple[Any, ...]:
    value = (row.tags or ["~"])[0] if by == "name" else getattr(row, by)
    return value, row.id


@router.get(
    "/accounts/{account}/images", response=responses({200: ImageList}, 503), summary="Images"
)
def list_images(request: HttpRequest, account: str, filters: Query[ImageFilter]) -> HttpResponse:
    """List the images in storage, at least as recent as the account's last ended operation."""
    found = find_account(actor_of(request), account)
    known = current(found)
    by = filters.sort.removeprefix("-")
    rows = sorted(
        (row for row in known.snapshot.images if _matches(row, filters)),
        key=lambda row: _order(row, by),
        reverse=filters.sort.startswith("-"),
    )
    return send(
        ImageList.model_construct(
            account=found.key,
            taken=known.snapshot.taken,
            live=known.live,
            unavailable=known.snapshot.info.images_unread,
            total=len(rows),
            images=[
                image_row(row) for row in rows[filters.offset : filters.offset + filters.limit]
            ],
        )
    )


@router.get(
    "/accounts/{account}/images/{path:image}",
    response=responses({200: ImageRow}, 503),
    summary="One image",
)
def read_image(request: HttpRequest, account: str, image: str) -> HttpResponse:
    """Return one row, by one of its names, its id, or an unambiguous prefix of the id."""
    rows = current(find_account(actor_of(request), account)).snapshot.images
    exact = [row for row in rows if image in (row.id, *row.tags)]
    found = exact or [row for row in rows if len(image) >= 3 and row.id.startswith(image)]
    if len(found) != 1:
        raise Problem(404, f"There is no image {image!r} in this account.")
    return send(image_row(found[0]))

"""/accounts and /me: the caller's Linux accounts, and the caller."""

from datetime import datetime
from typing import Literal

from django.http import HttpRequest, HttpResponse
from ninja import Router
from pydantic import BaseModel

from consoleapp.accounts.access import role_on, visible_accounts
from consoleapp.accounts.models import LinuxAccount
from consoleapp.api.answers import send
from consoleapp.api.credentials import actor_of
from consoleapp.api.problems import Problem, responses
from consoleapp.core.actor import Actor
from consoleapp.snapshots import reader
from engine.schema.parameters import Role
from engine.schema.snapshot import EngineInfo

router = Router(tags=["accounts"])


class AccountBody(BaseModel):
    """A Linux account. `role` is the caller's role on it."""

    key: str
    name: str
    host: str
    uid: int
    role: Role
    enrolled_at: datetime


class AccountList(BaseModel):
    """The accounts that the caller has a grant for, by name."""

    accounts: list[AccountBody]


class AccountDetail(AccountBody):
    """Also the last known state of its Podman. `error` is why there is nothing newer."""

    live: bool
    taken: datetime | None
    info: EngineInfo | None
    containers: int | None
    running: int | None
    images: int | None
    error: str


class Me(BaseModel):
    """The caller: the user, and the token if one was used."""

    username: str
    administrator: bool
    authenticated_by: Literal["token", "session"]
    scope: Literal["read", "operate"]
    token_expires_at: datetime | None


def find_account(actor: Actor, key: str) -> LinuxAccount:
    """Return the account with this key. Raises Problem (404) if the caller has no grant for it."""
    found = visible_accounts(actor.user).select_related("host").filter(key=key).first()
    if found is None:
        raise Problem(404, "There is no such account, or you have no grant for it.")
    return found


def _fields(account: LinuxAccount, role: Role | None) -> dict[str, object]:
    return {
        "key": account.key,
        "name": account.name,
        "host": account.host.name,
        "uid": account.uid,
        "role": role,
        "enrolled_at": account.enrolled_at,
    }


@router.get("/accounts", response=responses({200: AccountList}), summary="Accounts")
def list_accounts(request: HttpRequest) -> HttpResponse:
    """List every account that the caller has a grant for."""
    user = actor_of(request).user
    accounts = visible_accounts(user).select_related("host")
    return send(
        AccountList(accounts=[AccountBody(**_fields(a, role_on(user, a))) for a in accounts])
    )


@router.get("/accounts/{account}", response=responses({200: AccountDetail}), summary="One account")
def read_account(request: HttpRequest, account: str) -> HttpResponse:
    """Return one account, with the last known state of its Podman."""
    actor = actor_of(request)
    found = find_account(actor, account)
    known = reader.load(found)
    snapshot = known.snapshot if known else None
    return send(
        AccountDetail(
            **_fields(found, role_on(actor.user, found)),
            live=bool(known and known.live),
            taken=snapshot.taken if snapshot else None,
            info=snapshot.info if snapshot else None,
            containers=len(snapshot.containers) if snapshot else None,
            running=sum(c.state == "running" for c in snapshot.containers) if snapshot else None,
            images=len(snapshot.images) if snapshot else None,
            error=known.trouble if known else "Nobody has looked at this account yet.",
        )
    )


@router.get("/me", response=responses({200: Me}), summary="The caller", tags=["me"])
def read_me(request: HttpRequest) -> HttpResponse:
    """Return the caller."""
    actor = actor_of(request)
    return send(
        Me(
            username=actor.known_user.username,
            administrator=actor.known_user.is_superuser,
            authenticated_by="token" if actor.token else "session",
            scope=actor.token.scope if actor.token else "operate",
            token_expires_at=actor.token.expires_at if actor.token else None,
        )
    )

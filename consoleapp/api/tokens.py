"""/tokens: the caller's own. The profile page and `manage.py api_token` create them."""

from datetime import datetime
from typing import Literal

from django.http import HttpRequest, HttpResponse
from ninja import Router
from pydantic import BaseModel

from consoleapp.accounts.access import refuse
from consoleapp.accounts.models import ApiToken
from consoleapp.accounts.tokens import revoke
from consoleapp.api.answers import send
from consoleapp.api.credentials import actor_of
from consoleapp.api.paging import Identity
from consoleapp.api.problems import Problem, responses
from consoleapp.core.errors import Refused

router = Router(tags=["me"])


class TokenBody(BaseModel):
    """A token without its secret, which is shown once, at creation, and not stored."""

    id: int
    name: str
    prefix: str
    scope: Literal["read", "operate"]
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None
    revoked_at: datetime | None
    current: bool
    """Whether it is the token of this request."""


class TokenList(BaseModel):
    """Newest first."""

    tokens: list[TokenBody]


@router.get("/tokens", response=responses({200: TokenList}), summary="My tokens")
def list_tokens(request: HttpRequest) -> HttpResponse:
    """List the caller's own tokens, including invalid ones."""
    actor = actor_of(request)
    names = [name for name in TokenBody.model_fields if name != "current"]
    tokens = ApiToken.objects.filter(user=actor.user).order_by("-created_at", "-pk")
    return send(
        TokenList(
            tokens=[
                TokenBody(
                    **{name: getattr(token, name) for name in names},
                    current=actor.token is not None and token.pk == actor.token.pk,
                )
                for token in tokens
            ]
        )
    )


@router.delete("/tokens/{token}", response=responses({204: None}, 403), summary="Revoke a token")
def revoke_token(request: HttpRequest, token: Identity) -> HttpResponse:
    """Revoke it permanently. Revoking it again changes nothing."""
    actor = actor_of(request)
    found = ApiToken.objects.filter(user=actor.user, pk=token).first()
    if found is None:
        raise Problem(404, "You have no such token.")
    if actor.token is not None and actor.token.scope != "operate":
        refuse(actor, None, f"revoke the token {found.name} with a token that only reads", None)
        raise Refused("This token may only read.")
    revoke(found, actor=actor)
    return HttpResponse(status=204)

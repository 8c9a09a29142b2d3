"""The callers of the API: the holder of a token, or the user whose browser is signed in."""

from dataclasses import replace
from typing import cast

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import CsrfViewMiddleware
from ninja.security import APIKeyCookie, HttpBearer

from consoleapp.accounts import passwords, second_factor, tokens
from consoleapp.accounts.models import User
from consoleapp.api.problems import Problem
from consoleapp.core.actor import Actor


class Token(HttpBearer):
    """`Authorization: Bearer …`. An invalid one is an error even if there is a session, too."""

    openapi_description = "A personal token, from your profile or `manage.py api_token`."

    def __call__(self, request: HttpRequest) -> Actor | None:
        header = request.headers.get("Authorization")
        if header is None:
            return None
        scheme, _, secret = header.partition(" ")
        if scheme.lower() != "bearer":
            raise Problem(401, "Only `Authorization: Bearer …` is understood.")
        return self.authenticate(request, secret.strip())

    def authenticate(self, request: HttpRequest, token: str) -> Actor:
        found = tokens.authenticate(token)
        if found is None:
            raise Problem(
                401, "The token is unknown, expired or revoked, or its user is not active."
            )
        if found.owes_factor:  # type: ignore[attr-defined]  # annotated by the query
            raise Problem(403, second_factor.REFUSAL)
        return replace(Actor.of(request), user=found.user, token=found, source="api")


def _empty(request: HttpRequest) -> HttpResponse:
    return HttpResponse()


class _Csrf(CsrfViewMiddleware):
    def _reject(self, request: HttpRequest, reason: str) -> HttpResponse:
        raise Problem(403, f"A browser must send the X-CSRFToken header as well. {reason}")


class Session(APIKeyCookie):
    """The pages' session cookie. Requests that change something also need the CSRF token."""

    param_name = settings.SESSION_COOKIE_NAME

    def __init__(self) -> None:
        super().__init__(csrf=False)  # done here: ninja's own check would answer with a page

    def __call__(self, request: HttpRequest) -> Actor | None:
        if not request.user.is_authenticated:
            return None
        _Csrf(_empty).process_view(request, _empty, (), {})
        return super().__call__(request)

    def authenticate(self, request: HttpRequest, key: str | None) -> Actor:
        user = cast(User, request.user)  # __call__ has let nobody else in
        if passwords.owed(user):
            raise Problem(403, passwords.REFUSAL)
        if second_factor.missing(user):
            raise Problem(403, second_factor.REFUSAL)
        return replace(Actor.of(request), user=user, token=None, source="api")


def actor_of(request: HttpRequest) -> Actor:
    """Return the caller that Token or Session found."""
    actor = request.auth  # type: ignore[attr-defined]  # set by ninja
    assert isinstance(actor, Actor)  # noqa: S101 - every route of the API demands one of them
    return actor

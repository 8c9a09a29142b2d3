"""/accounts/{account}/registries: configuration, and what registries have, asked of the engine."""

from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from ninja import Query, Router

from consoleapp.api.accounts import find_account
from consoleapp.api.credentials import actor_of
from consoleapp.api.problems import responses
from consoleapp.live import relay
from engine.schema import queries
from engine.schema.registry_facts import (
    Check,
    Configuration,
    Names,
    RemoteImage,
    Resolution,
)

router = Router(tags=["registries"])
_AT = "/accounts/{account}/registries"


def _answer(request: HttpRequest, account: str, query: queries.Query) -> HttpResponse:
    actor = actor_of(request)
    answer: dict[str, Any] = relay.document_sync(find_account(actor, account), query, actor)
    return JsonResponse(answer.get("data", answer))


@router.get(_AT, response=responses({200: Configuration}, 503, 504), summary="Registries")
def show(request: HttpRequest, account: str) -> HttpResponse:
    """All that decides where images come from: files, search list, mirrors, sign-ins, policy."""
    return _answer(request, account, queries.RegistriesShow())


@router.get(
    f"{_AT}/resolve", response=responses({200: Resolution}, 503, 504), summary="Resolve a name"
)
def resolve(
    request: HttpRequest, account: str, asked: Query[queries.RegistryResolve]
) -> HttpResponse:
    """Where Podman would look for a name, in order."""
    return _answer(request, account, asked)


@router.get(f"{_AT}/check", response=responses({200: Check}, 503, 504), summary="Test a registry")
def check(request: HttpRequest, account: str, asked: Query[queries.RegistryCheck]) -> HttpResponse:
    """Address, TLS, API, sign-in: each with what to do about it."""
    return _answer(request, account, asked)


@router.get(
    f"{_AT}/repositories", response=responses({200: Names}, 503, 504), summary="Repositories"
)
def repositories(
    request: HttpRequest, account: str, asked: Query[queries.RegistryRepositories]
) -> HttpResponse:
    """One page of a registry's catalogue; `next` is the `after` of the following one."""
    return _answer(request, account, asked)


@router.get(f"{_AT}/tags", response=responses({200: Names}, 503, 504), summary="Tags")
def tags(request: HttpRequest, account: str, asked: Query[queries.RegistryTags]) -> HttpResponse:
    """One page of a repository's tags."""
    return _answer(request, account, asked)


@router.get(
    f"{_AT}/image", response=responses({200: RemoteImage}, 503, 504), summary="An image, unpulled"
)
def image(
    request: HttpRequest, account: str, asked: Query[queries.RemoteImageInspect]
) -> HttpResponse:
    """What an image at its registry is, and whether the account's own one is another."""
    return _answer(request, account, asked)

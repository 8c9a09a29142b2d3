"""Browse registries: search, catalog, tags, and images that are not pulled."""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from consoleapp.accounts.access import require_role
from consoleapp.accounts.models import LinuxAccount
from consoleapp.core.requests import AccountRequest
from consoleapp.web.registries.query_view import filled
from engine.schema.parameters import Role
from engine.schema.queries import (
    Query,
    RegistryRepositories,
    RegistrySearch,
    RegistryTags,
    RemoteImageInspect,
)


@require_GET
@require_role(Role.OPERATOR)
def search(request: AccountRequest, account: LinuxAccount) -> HttpResponse:
    """Search all registries of the search list, or one."""
    return _page(request, account, "search", RegistrySearch, "term")


@require_GET
@require_role(Role.OPERATOR)
def repositories(request: AccountRequest, account: LinuxAccount) -> HttpResponse:
    """Show a registry's catalog."""
    return _page(request, account, "browse", RegistryRepositories, "registry", "match", "after")


@require_GET
@require_role(Role.OPERATOR)
def tags(request: AccountRequest, account: LinuxAccount) -> HttpResponse:
    """Show a repository's tags."""
    return _page(request, account, "tags", RegistryTags, "repository", "match", "after")


@require_GET
@require_role(Role.OPERATOR)
def image(request: AccountRequest, account: LinuxAccount) -> HttpResponse:
    """Show one image in its registry."""
    return _page(request, account, "image", RemoteImageInspect, "image")


def _page(
    request: AccountRequest, account: LinuxAccount, name: str, query: type[Query], *page: str
) -> HttpResponse:
    """Show the page with its field. htmx gets the registry's answer from the same address."""
    given: dict[str, Any] = {each: request.GET[each] for each in page if request.GET.get(each)}
    context = {**given, "given": page[0] in given, "panel": request.get_full_path()}
    if request.htmx and page[0] in given:
        return filled(request, account, query, given, f"registries/_{name}.html", **context)
    return render(request, f"registries/{name}.html", context)

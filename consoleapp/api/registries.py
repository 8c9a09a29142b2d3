"""/accounts/{account}/registries: configuration and registries' contents, from the engine."""

from typing import Any, NamedTuple

from django.http import HttpRequest, HttpResponse, JsonResponse
from ninja import Query, Router

from consoleapp.api.accounts import find_account
from consoleapp.api.credentials import actor_of
from consoleapp.api.problems import responses
from consoleapp.live import relay
from engine.schema import queries
from engine.schema.messages import load
from engine.schema.parameters import Model
from engine.schema.registry_facts import (
    Check,
    Configuration,
    Names,
    RemoteImage,
    Resolution,
    Search,
    Updates,
)

router = Router(tags=["registries"])


class Read(NamedTuple):
    """One possible query, and its answer."""

    name: str
    query: type[queries.Query]
    answer: type[Model]
    summary: str
    description: str


_READS = [
    Read("", queries.RegistriesShow, Configuration, "Registries",
         "Everything that determines where images come from: files, mirrors, logins, policy."),
    Read("resolve", queries.RegistryResolve, Resolution, "Resolve a name",
         "Where Podman would look for a name, in order."),
    Read("check", queries.RegistryCheck, Check, "Test a registry",
         "Address, TLS, API, and login, each with a remedy."),
    Read("search", queries.RegistrySearch, Search, "Search",
         "Search for images in all registries of the search list, or in the one that is named."),
    Read("repositories", queries.RegistryRepositories, Names, "Repositories",
         "One page of a registry's catalog. Pass its `next` as `after` of the following one."),
    Read("tags", queries.RegistryTags, Names, "Tags", "One page of a repository's tags."),
    Read("image", queries.RemoteImageInspect, RemoteImage, "A remote image",
         "An image in its registry, compared with the account's own image of that name."),
    Read("updates", queries.ImageUpdates, Updates, "Updates",
         "The names under which registries have newer images than the account."),
    Read("sync-plan", queries.SyncPlan, queries.Table, "Plan a sync",
         "The matching tags: new, changed, or same, with the digest of each at the source."),
]  # fmt: skip


def _serve(read: Read) -> None:
    model = read.query

    def ask(request: HttpRequest, account: str, wanted: Query[model]) -> HttpResponse:  # type: ignore[valid-type]  # known at run time
        return _answer(request, account, wanted)

    def ask_simply(request: HttpRequest, account: str) -> HttpResponse:
        return _answer(request, account, model())

    router.add_api_operation(
        f"/accounts/{{account}}/registries/{read.name}".rstrip("/"),
        ["GET"],
        ask if model.model_fields else ask_simply,
        response=responses({200: read.answer}, 503, 504),
        operation_id=f"registries_{read.name or 'show'}".replace("-", "_"),
        summary=read.summary,
        description=read.description,
    )


def _answer(request: HttpRequest, account: str, wanted: queries.Query) -> HttpResponse:
    actor = actor_of(request)
    answer: dict[str, Any] = relay.document_sync(find_account(actor, account), wanted, actor)
    return JsonResponse(load(answer.get("data", answer)))


for _read in _READS:
    _serve(_read)

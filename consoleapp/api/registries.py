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
         "All that decides where images come from: files, search list, mirrors, sign-ins, policy."),
    Read("resolve", queries.RegistryResolve, Resolution, "Resolve a name",
         "Where Podman would look for a name, in order."),
    Read("check", queries.RegistryCheck, Check, "Test a registry",
         "Address, TLS, API, sign-in: each with what to do about it."),
    Read("search", queries.RegistrySearch, Search, "Search",
         "Images by a word, in every registry of the search list or in the one that is named."),
    Read("repositories", queries.RegistryRepositories, Names, "Repositories",
         "One page of a registry's catalogue; `next` is the `after` of the following one."),
    Read("tags", queries.RegistryTags, Names, "Tags", "One page of a repository's tags."),
    Read("image", queries.RemoteImageInspect, RemoteImage, "An image, unpulled",
         "What an image at its registry is, and whether the account's own one is another."),
    Read("updates", queries.ImageUpdates, Updates, "Updates",
         "Which of the account's images are others at their registry by now, by name."),
    Read("sync-plan", queries.SyncPlan, queries.Table, "Plan a sync",
         "The tags that fit: new, changed or same, and the digest of each at the source."),
]  # fmt: skip


def _serve(read: Read) -> None:
    model = read.query

    def ask(request: HttpRequest, account: str, asked: Query[model]) -> HttpResponse:  # type: ignore[valid-type]
        return _answer(request, account, asked)

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


def _answer(request: HttpRequest, account: str, asked: queries.Query) -> HttpResponse:
    actor = actor_of(request)
    answer: dict[str, Any] = relay.document_sync(find_account(actor, account), asked, actor)
    return JsonResponse(load(answer.get("data", answer)))


for _read in _READS:
    _serve(_read)

"""The content of registries: search, catalogs, tags, images that are not pulled."""

import asyncio
import fnmatch
import platform as machine
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any
from urllib.parse import quote, urlencode

from engine.podman import api, skopeo
from engine.podman.client import Podman
from engine.registries import registries_conf, resolution
from engine.registries.registry_api import MANIFESTS, RegistryApi, next_after, open_registry, split
from engine.schema import queries as schema
from engine.schema.errors import EngineError, ErrorCode
from engine.schema.messages import msg
from engine.schema.queries import Document, Table
from engine.schema.registry_facts import Found, Names, Platform, RemoteImage, Search
from engine.schema.transfers import MOST_TAGS

_LISTS = ("manifest.list", "image.index")


async def search(podman: Podman, query: schema.RegistrySearch) -> AsyncIterator[Document]:
    """Run `podman search` at each registry of the search list, or at the one that it names."""
    hosts = registries_conf.load().search
    whole = query.term.partition("/")[0]
    named = "/" in query.term and ("." in whole or ":" in whole or whole == "localhost")
    terms = [query.term] if named else [f"{host}/{query.term}" for host in hosts]
    if not terms:
        raise EngineError(
            ErrorCode.INVALID,
            msg("There is no registry to search: the search list is empty."),
            msg("Add one on the Registries page, or search in one registry, like quay.io/nginx."),
        )
    await podman.apply_registries()
    answers = await asyncio.gather(*(_search(podman, term, query.limit) for term in terms))
    answer = Search(
        found=[each for found, _ in answers for each in found],
        problems=[problem for _, problem in answers if problem],
    )
    yield Document(data=answer.model_dump(mode="json"))


async def _search(podman: Podman, term: str, limit: int) -> tuple[list[Found], str]:
    registry = term.partition("/")[0]
    entry = resolution.find_registry(registry, registries_conf.load())
    params = {"term": term, "limit": str(limit)}
    params |= {"tlsVerify": "false"} if entry and entry.insecure else {}
    try:
        async with asyncio.timeout(8):
            rows = await api.search_images(podman, params)
    except TimeoutError:
        return [], msg("%(registry)s did not answer in time.", registry=registry)
    except EngineError as error:
        why = error.report.message
        return [], msg("%(registry)s: %(why)s", registry=registry, why=why)
    return [
        Found(
            registry=registry,
            name=str(row.get("Name") or ""),
            description=str(row.get("Description") or ""),
            stars=int(row.get("Stars") or 0),
            official=bool(row.get("Official")),
        )
        for row in rows
    ], ""


async def repositories(
    podman: Podman, query: schema.RegistryRepositories
) -> AsyncIterator[Document]:
    """Answer one page of the catalog."""
    await podman.registry_files.require()
    async with open_registry(query.registry) as api:

        async def page(after: str, limit: int) -> Names:
            return await _page(api, "/v2/_catalog", "repositories", after, limit, "")

        names = await _matching(page, query)
    yield Document(data=names.model_dump(mode="json"))


async def tags(podman: Podman, query: schema.RegistryTags) -> AsyncIterator[Document]:
    """Answer one page of a repository's tags."""
    await podman.registry_files.require()
    registry, repository = split(query.repository)
    async with open_registry(registry, repository) as api:

        async def page(after: str, limit: int) -> Names:
            return await _tags(api, repository, after, limit)

        names = await _matching(page, query)
    yield Document(data=names.model_dump(mode="json"))


async def _matching(
    page: Callable[[str, int], Awaitable[Names]],
    query: schema.RegistryRepositories | schema.RegistryTags,
) -> Names:
    """Return one page of matching names. Registries do not filter, so this reads more of theirs."""
    if not query.match:
        return await page(query.after, query.limit)
    wanted, after = query.match.lower(), query.after
    found: list[str] = []
    while True:
        names = await page(after, 1000)
        found += [name for name in names.names if wanted in name.lower()]
        if len(found) > query.limit:
            return Names(names=found[: query.limit], next=found[query.limit - 1])
        after = names.next
        if not after:
            return Names(names=found)


async def image(podman: Podman, query: schema.RemoteImageInspect) -> AsyncIterator[Document]:
    """Answer manifest and configuration, from Skopeo, and a comparison with the account's image."""
    await podman.registry_files.require()
    found = resolution.resolve(query.image, registries_conf.load())
    if not found.candidates or found.how == "refused":
        raise EngineError(ErrorCode.INVALID, found.problem, found.remedy)
    reference = found.candidates[0].name
    digest, raw = await manifest(reference)
    platforms = platforms_of(raw)
    one = raw
    name = reference
    if platforms:
        chosen = next((each for each in platforms if each.architecture == _own()), platforms[0])
        name = f"{_nameless(reference)}@{chosen.digest}"
        one = await skopeo.inspect(name)
    config = await skopeo.inspect(name, config=True)
    settings = config.get("config") or {}
    layers = [
        (str(each.get("digest") or ""), int(each.get("size") or 0))
        for each in one.get("layers") or []
    ]
    local = await _local(podman, reference)
    facts = RemoteImage(
        reference=reference,
        digest=digest,
        media_type=str(raw.get("mediaType") or one.get("mediaType") or ""),
        created=str(config.get("created") or ""),
        architecture=str(config.get("architecture") or ""),
        os=str(config.get("os") or ""),
        size=sum(size for _, size in layers),
        layers=layers,
        platforms=platforms,
        environment=[str(each) for each in settings.get("Env") or []],
        labels={str(k): str(v) for k, v in (settings.get("Labels") or {}).items()},
        command=[str(each) for each in settings.get("Cmd") or []],
        entrypoint=[str(each) for each in settings.get("Entrypoint") or []],
        local=local[0] if local else "",
        update=bool(local) and not (meant(digest, raw) | meant("", one)) & set(local),
    )
    yield Document(data=facts.model_dump(mode="json"))


async def sync_plan(podman: Podman, query: schema.SyncPlan) -> AsyncIterator[Table]:
    """Answer what a sync would copy: new, changed, and unchanged tags."""
    await podman.registry_files.require()
    rows = await plan(query.source, query.destination, query.pattern)
    yield Table(titles=["Tag", "State", "Digest"], rows=[list(row) for row in rows])


async def plan(
    source: str, destination: str, pattern: str, *, seconds: float | None = 8.0
) -> list[tuple[str, str, str]]:
    """Return tag, state (new, changed, same), and digest at the source for all matching tags."""
    here, repository = split(source)
    there, target = split(destination)
    async with (
        open_registry(here, repository, seconds=seconds) as first,
        open_registry(there, target, seconds=seconds) as second,
    ):
        fitting: list[str] = []
        after = ""
        while True:
            page = await _tags(first, repository, after, 1000)
            fitting += [name for name in page.names if fnmatch.fnmatchcase(name, pattern)]
            after = page.next
            if len(fitting) > MOST_TAGS:
                raise EngineError(
                    ErrorCode.INVALID,
                    msg(
                        "More than %(most_tags)s tags fit %(pattern)s.",
                        most_tags=MOST_TAGS,
                        pattern=pattern,
                    ),
                    msg("Narrow the pattern, and do it in parts."),
                )
            if not after:
                break
        limit = asyncio.Semaphore(4)

        async def compare(tag: str) -> tuple[str, str, str]:
            async with limit:
                ours = await digest_at(first, repository, tag)
                theirs = await digest_at(second, target, tag)
            state = "new" if not theirs else "same" if ours == theirs else "changed"
            return tag, state, ours

        return list(await asyncio.gather(*(compare(tag) for tag in sorted(fitting))))


async def digest_at(api: RegistryApi, repository: str, tag: str) -> str:
    """Return the digest of a tag, or "" if it does not exist."""
    where = f"/v2/{repository}/manifests/{quote(tag, safe=':')}"
    try:
        reply = await api.get(where, repository=repository, method="HEAD", accept=MANIFESTS)
    except EngineError as error:
        if error.report.code is ErrorCode.NOT_FOUND:
            return ""
        raise
    return reply.headers.get("docker-content-digest", "")


async def _tags(api: RegistryApi, repository: str, after: str, limit: int) -> Names:
    return await _page(api, f"/v2/{repository}/tags/list", "tags", after, limit, repository)


async def _page(
    api: RegistryApi, path: str, key: str, after: str, limit: int, repository: str
) -> Names:
    """Return one page. Registries without paging return everything, which is cut here."""
    query = urlencode({"n": limit, **({"last": after} if after else {})})
    reply = await api.get(f"{path}?{query}", repository=repository)
    names = [str(name) for name in reply.json().get(key) or []]
    following = next_after(reply)
    if len(names) > limit or (after and after in names):
        names = sorted(name for name in names if name > after)
        following = names[limit - 1] if len(names) > limit else following
    return Names(names=sorted(names[:limit]), next=following)


async def manifest(reference: str) -> tuple[str, dict[str, Any]]:
    """Return digest and content of a complete reference, list or image. Raises EngineError."""
    name = _nameless(reference)
    registry, repository = split(name)
    tag = reference[len(name) :]
    wanted = tag.partition("@")[2] or tag.removeprefix(":")
    where = f"/v2/{repository}/manifests/{wanted}"
    async with open_registry(registry, repository) as api:
        reply = await api.get(where, repository=repository, accept=MANIFESTS)
    return reply.headers.get("docker-content-digest", ""), reply.json()


def _nameless(reference: str) -> str:
    """Return the name without tag and digest."""
    name = reference.partition("@")[0]
    head, slash, last = name.rpartition("/")
    return f"{head}{slash}{last.partition(':')[0]}"


def meant(digest: str, raw: dict[str, Any]) -> set[str]:
    """Return all digests under which an account may have a manifest's image.

    The digest of the configuration is Podman's id of the image. An image that was pushed from here
    is compressed on the way and has another manifest in the registry.
    """
    config = str((raw.get("config") or {}).get("digest") or "")
    return {digest, config, *(each.digest for each in platforms_of(raw))} - {""}


def platforms_of(raw: dict[str, Any]) -> list[Platform]:
    """Return the images of a list; none for a single image."""
    return [
        Platform(
            os=str((each.get("platform") or {}).get("os") or ""),
            architecture=str((each.get("platform") or {}).get("architecture") or ""),
            variant=str((each.get("platform") or {}).get("variant") or ""),
            digest=str(each.get("digest") or ""),
            size=int(each.get("size") or 0),
        )
        for each in raw.get("manifests") or []
    ]


def _own() -> str:
    return {"x86_64": "amd64", "aarch64": "arm64"}.get(machine.machine(), machine.machine())


async def _local(podman: Podman, reference: str) -> list[str]:
    """Return the digests of the account's own image of that name."""
    try:
        found = await api.inspect_image(podman, reference)
    except EngineError:
        return []  # it has none, which is the usual case
    digests = [str(each).rpartition("@")[2] for each in found.get("RepoDigests") or []]
    identity = f"sha256:{str(found.get('Id') or '').removeprefix('sha256:')}"
    return list(dict.fromkeys([str(found.get("Digest") or ""), *digests, identity]))

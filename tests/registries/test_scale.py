"""A registry with 2,000 tags and 200 repositories: browsed, filtered, planned; constant memory."""

from pathlib import Path

import pytest

from engine.schema.queries import RegistryRepositories, RegistryTags, SyncPlan
from tests.bench.podman import engine_of
from tests.fixtures.registries import Account, Registries, Server, Talk
from tests.registries.publishing import REPOSITORIES, TAGS, Publisher, many_names
from tests.registries.test_remote import insecure

MOST_GROWN = 24 * 1024
"""KiB: far less than all names and answers of the test together, if they were kept."""


@pytest.fixture(scope="module")
def large(registries: Registries) -> Server:
    server = registries.start("large")
    many_names(Publisher(server.address))
    return server


def engine_memory(account: Account) -> int:
    """Return the KiB of the engine's process."""
    status = Path(f"/proc/{engine_of(account.uid)}/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0])


async def walk(talk: Talk, kind: type, **query: str) -> list[str]:
    """Return all pages."""
    found: list[str] = []
    after = ""
    while True:
        page = await talk.ask(kind(**query, after=after, limit=100))
        assert len(page["names"]) <= 100
        found += page["names"]
        after = page["next"]
        if not after:
            return found


async def test_everything_is_found_page_by_page(
    account: Account, talk: Talk, large: Server
) -> None:
    insecure(account, large)
    tags = await walk(talk, RegistryTags, repository=f"{large.address}/many/tags")
    assert tags == ["latest", *(f"v{number:04}" for number in range(TAGS))]
    names = await walk(talk, RegistryRepositories, registry=large.address)
    assert len(names) == len(set(names)) == REPOSITORIES + 1


async def test_names_are_filtered_over_all_pages(
    account: Account, talk: Talk, large: Server
) -> None:
    insecure(account, large)
    where = f"{large.address}/many/tags"
    tags = await walk(talk, RegistryTags, repository=where, match="V19")
    assert tags == [f"v19{number:02}" for number in range(100)]
    assert await walk(talk, RegistryTags, repository=where, match="none such") == []
    many = await walk(talk, RegistryTags, repository=where, match="v1")
    assert len(many) == len(set(many)) == 1000
    names = await walk(talk, RegistryRepositories, registry=large.address, match="team7/")
    assert len(names) == REPOSITORIES / 10


async def test_a_pattern_is_planned_and_one_that_fits_too_many_is_refused(
    account: Account, talk: Talk, large: Server, mirror: Server
) -> None:
    insecure(account, large, mirror)
    places = {"source": f"{large.address}/many/tags", "destination": f"{mirror.address}/some/tags"}
    plan = await talk.ask(SyncPlan(**places, pattern="v1[0-3]*"))
    assert len(plan.rows) == 400
    assert {row[1] for row in plan.rows} == {"new"}
    refused = await talk.ask(SyncPlan(**places, pattern="*"))
    assert refused.code == "invalid"
    assert "Narrow the pattern" in refused.remedy


async def test_the_engines_memory_stays_flat(account: Account, talk: Talk, large: Server) -> None:
    insecure(account, large)

    async def everything() -> None:
        await walk(talk, RegistryTags, repository=f"{large.address}/many/tags")
        await walk(talk, RegistryRepositories, registry=large.address)

    await everything()
    before = engine_memory(account)
    for _ in range(5):
        await everything()
    assert engine_memory(account) - before < MOST_GROWN

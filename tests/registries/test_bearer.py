"""A registry with bearer tokens from a separate server, like the large public ones."""

from collections.abc import Iterator

import pytest

from engine.schema.images import ImagePull, ImagePush
from engine.schema.progress import Failed, Succeeded
from engine.schema.queries import (
    RegistryCheck,
    RegistryRepositories,
    RegistryTags,
    RemoteImageInspect,
    SyncPlan,
)
from engine.schema.registries import RegistryLogin
from engine.schema.transfers import ImageCopy, ImageDeleteRemote
from tests.fixtures.registries import IMAGE, Account, Registries, Server, Talk
from tests.registries.test_remote import insecure
from tests.registries.tokens import PEOPLE, TokenServer, serving


@pytest.fixture(scope="module")
def tokens(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TokenServer]:
    with serving(tmp_path_factory.mktemp("tokens")) as server:
        yield server


@pytest.fixture(scope="module")
def bearer(registries: Registries, tokens: TokenServer, account: Account) -> Server:
    """Run a registry with public/app:1 and team/app:1."""
    server = registries.start("bearer", more=tokens.configuration())
    for name in ("public/app:1", "team/app:1"):
        pushed = account.run(
            *("podman", "push", "--tls-verify=false", "--creds=harbour:master-key"),
            *(IMAGE, f"{server.address}/{name}"),
        )
        assert pushed.returncode == 0, pushed.stderr
    return server


async def sign_in(talk: Talk, server: Server, who: str) -> None:
    login = RegistryLogin(registry=server.address, username=who, password=PEOPLE[who])
    outcome = await talk.do(login)
    assert isinstance(outcome, Succeeded), outcome


async def test_without_a_sign_in_only_what_is_public_is_seen(
    account: Account, talk: Talk, bearer: Server
) -> None:
    insecure(account, bearer)
    tags = await talk.ask(RegistryTags(repository=f"{bearer.address}/public/app"))
    assert tags["names"] == ["1"]
    assert (await talk.ask(RemoteImageInspect(image=f"{bearer.address}/public/app:1")))["layers"]
    for query in (
        RegistryTags(repository=f"{bearer.address}/team/app"),
        RegistryRepositories(registry=bearer.address),
        RemoteImageInspect(image=f"{bearer.address}/team/app:1"),
    ):
        refused = await talk.ask(query)
        assert refused.code == "unauthorized", refused
    pulled = await talk.do(ImagePull(image=f"{bearer.address}/team/app:1"))
    assert isinstance(pulled, Failed)
    assert pulled.error.code == "unauthorized"


async def test_with_a_sign_in_everything_works(
    account: Account, talk: Talk, bearer: Server, tokens: TokenServer, mirror: Server
) -> None:
    insecure(account, bearer, mirror)
    wrong = await talk.do(
        RegistryLogin(registry=bearer.address, username="harbour", password="wrong")
    )
    assert isinstance(wrong, Failed)
    assert wrong.error.code == "unauthorized"
    await sign_in(talk, bearer, "harbour")
    steps = (await talk.ask(RegistryCheck(registry=bearer.address)))["steps"]
    assert steps[-1]["state"] == "good", steps
    repositories = await talk.ask(RegistryRepositories(registry=bearer.address))
    assert {"public/app", "team/app"} <= set(repositories["names"])
    name = f"{bearer.address}/team/app:1"
    answer = await talk.ask(RemoteImageInspect(image=name))
    assert isinstance(await talk.do(ImagePull(image=name)), Succeeded)
    pushed = await talk.do(ImagePush(image=name, destination=f"{bearer.address}/team/pushed:1"))
    assert isinstance(pushed, Succeeded), pushed
    there, back = f"{mirror.address}/bearer/app:1", f"{bearer.address}/team/back:1"
    for source, destination in ((name, there), (there, back)):
        copied = await talk.do(ImageCopy(source=source, destination=destination))
        assert isinstance(copied, Succeeded), copied
        assert copied.result["digest"] == answer["digest"]
    plan = await talk.ask(
        SyncPlan(source=f"{bearer.address}/team/app", destination=f"{bearer.address}/team/back")
    )
    assert [row[1] for row in plan.rows] == ["same"]
    assert isinstance(await talk.do(ImageDeleteRemote(image=back)), Succeeded)
    assert ("harbour", ["repository:team/app:pull"]) in tokens.given


async def test_who_may_only_read_is_refused_to_write(
    account: Account, talk: Talk, bearer: Server, plain: Server
) -> None:
    insecure(account, bearer, plain)
    await sign_in(talk, bearer, "reader")
    assert (await talk.ask(RemoteImageInspect(image=f"{bearer.address}/team/app:1")))["layers"]
    copied = await talk.do(
        ImageCopy(source=f"{plain.address}/library/app:1", destination=f"{bearer.address}/team/x:1")
    )
    assert isinstance(copied, Failed)
    assert copied.error.code == "unauthorized", copied.error

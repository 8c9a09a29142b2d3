"""Logins, certificates, browsing, copying: with real registries."""

from pathlib import Path

from engine.schema import registries as schema
from engine.schema.progress import Failed, Succeeded
from engine.schema.queries import (
    RegistriesShow,
    RegistryCheck,
    RegistryRepositories,
    RegistrySearch,
    RegistryTags,
    RemoteImageInspect,
    SyncPlan,
)
from engine.schema.transfers import ImageCopy, ImageDeleteRemote, ImageSync
from tests.fixtures.registries import Account, Server, Talk, push


def insecure(account: Account, *servers: Server) -> None:
    account.write(
        "".join(
            f'[[registry]]\nlocation = "{server.address}"\ninsecure = true\n' for server in servers
        )
    )


async def trust(talk: Talk, server: Server, authority: Path) -> None:
    pem = (authority / "ca.crt").read_text()
    assert isinstance(
        await talk.do(schema.RegistryTrust(registry=server.address, certificate=pem)), Succeeded
    )


async def test_a_sign_in_needs_the_authority_then_the_password(
    account: Account, talk: Talk, guarded: Server, authority: Path
) -> None:
    login = schema.RegistryLogin(
        registry=guarded.address, username="harbour", password="master-key"
    )
    unknown = await talk.do(login)
    assert isinstance(unknown, Failed)
    assert unknown.error.code == "unreachable"
    assert "certificate" in unknown.error.message
    await trust(talk, guarded, authority)
    wrong = await talk.do(login.model_copy(update={"password": schema.Secret.__origin__("no")}))  # type: ignore[attr-defined]
    assert isinstance(wrong, Failed)
    assert wrong.error.code == "unauthorized"
    assert isinstance(await talk.do(login), Succeeded)
    answer = await talk.ask(RegistriesShow())
    assert [(each["registry"], each["username"]) for each in answer["sign_ins"]] == [
        (guarded.address, "harbour")
    ]
    assert "master-key" not in str(answer)
    steps = (await talk.ask(RegistryCheck(registry=guarded.address)))["steps"]
    assert [step["state"] for step in steps] == ["good"] * 4, steps
    assert isinstance(await talk.do(schema.RegistryLogout(registry=guarded.address)), Succeeded)
    assert (await talk.ask(RegistriesShow()))["sign_ins"] == []
    assert isinstance(await talk.do(schema.RegistryDistrust(registry=guarded.address)), Succeeded)
    assert not list((account.home / ".config/containers/certs.d").iterdir())


async def test_the_guarded_registry_is_browsed_and_copied_to_with_the_sign_in(
    account: Account, talk: Talk, plain: Server, guarded: Server, authority: Path
) -> None:
    insecure(account, plain)
    await trust(talk, guarded, authority)
    refused = await talk.ask(RegistryTags(repository=f"{guarded.address}/team/app"))
    assert refused.code == "unauthorized"
    await talk.do(
        schema.RegistryLogin(registry=guarded.address, username="harbour", password="master-key")
    )
    source, there = f"{plain.address}/library/app:1", f"{guarded.address}/team/app:1"
    copied = await talk.do(ImageCopy(source=source, destination=there))
    assert isinstance(copied, Succeeded), copied
    first = await talk.ask(RemoteImageInspect(image=source))
    assert copied.result["digest"] == first["digest"]
    answer = await talk.ask(RemoteImageInspect(image=there))
    assert answer["digest"] == first["digest"]
    assert answer["layers"]
    assert answer["command"][0] == "httpd"
    names = await talk.ask(RegistryRepositories(registry=guarded.address))
    assert names["names"] == ["team/app"]
    deleted = await talk.do(ImageDeleteRemote(image=there, digest=answer["digest"]))
    assert isinstance(deleted, Succeeded), deleted
    again = await talk.do(ImageDeleteRemote(image=there))
    assert isinstance(again, Failed)
    assert again.error.code == "not_found"


async def test_tags_come_in_pages_without_a_gap(
    account: Account, talk: Talk, plain: Server
) -> None:
    insecure(account, plain)
    push(account, plain, "many/app:seed")
    tags = plain.place / "images/docker/registry/v2/repositories/many/app/_manifests/tags"
    for number in range(250):
        (tags / f"t{number:04}/current").mkdir(parents=True)
        link = (tags / "seed/current/link").read_text()
        (tags / f"t{number:04}/current/link").write_text(link)
    found: list[str] = []
    after = ""
    while True:
        query = RegistryTags(repository=f"{plain.address}/many/app", after=after, limit=100)
        page = await talk.ask(query)
        assert len(page["names"]) <= 100
        found += page["names"]
        after = page["next"]
        if not after:
            break
    assert found == ["seed", *(f"t{number:04}" for number in range(250))]


async def test_a_sync_copies_what_the_dry_run_said_and_then_nothing(
    account: Account, talk: Talk, plain: Server, mirror: Server
) -> None:
    insecure(account, plain, mirror)
    for tag in ("1.0", "1.1", "2.0"):
        push(account, plain, f"sync/app:{tag}")
    places = {
        "source": f"{plain.address}/sync/app",
        "destination": f"{mirror.address}/synced/app",
        "pattern": "1.*",
    }
    plan = await talk.ask(SyncPlan(**places))
    assert [row[:2] for row in plan.rows] == [["1.0", "new"], ["1.1", "new"]]
    done = await talk.do(ImageSync(**places))
    assert isinstance(done, Succeeded), done
    assert done.result["copied"] == ["1.0", "1.1"]
    plan = await talk.ask(SyncPlan(**places))
    assert [row[1] for row in plan.rows] == ["same", "same"]
    assert (await talk.do(ImageSync(**places))).result["copied"] == []


async def test_search_finds_in_the_registries_of_the_list_and_says_what_failed(
    account: Account, talk: Talk, plain: Server
) -> None:
    insecure(account, plain)
    text = account.own_file.read_text()
    account.write(f'unqualified-search-registries = ["{plain.address}", "127.0.0.1:9"]\n{text}')
    await talk.do(
        schema.RegistriesEdit(
            seen=(await talk.ask(RegistriesShow()))["own_digest"],
            edit=schema.SetShortNameMode(mode="permissive"),
        )
    )
    answer = await talk.ask(RegistrySearch(term="app"))
    assert f"{plain.address}/library/app" in [each["name"] for each in answer["found"]]
    assert any("127.0.0.1:9" in problem for problem in answer["problems"])


async def test_an_update_is_seen(account: Account, talk: Talk, plain: Server) -> None:
    insecure(account, plain)
    name = f"{plain.address}/library/app:1"
    assert account.run("podman", "pull", name).returncode == 0
    assert (await talk.ask(RemoteImageInspect(image=name)))["update"] is False
    made = account.run("podman", "build", "-q", "-t", f"{plain.address}/library/app:new", "-",
                       given=f"FROM {name}\nLABEL a=b\n")  # fmt: skip
    assert made.returncode == 0, made.stderr
    account.run("podman", "push", f"{plain.address}/library/app:new", name)
    assert (await talk.ask(RemoteImageInspect(image=name)))["update"] is True

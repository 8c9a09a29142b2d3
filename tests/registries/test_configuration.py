"""The account's own registries.conf: edits, their effect, and real Podman's reaction."""

import pytest

from engine.schema import registries as schema
from engine.schema.images import ImagePull
from engine.schema.progress import Failed, Succeeded
from engine.schema.queries import RegistriesShow, RegistryResolve
from tests.fixtures.registries import Account, Server, Talk


async def own_digest(talk: Talk) -> str:
    return str((await talk.ask(RegistriesShow()))["own_digest"])


async def edit(talk: Talk, change: schema.Change) -> object:
    return await talk.do(schema.RegistriesEdit(seen=await own_digest(talk), edit=change))


async def test_the_first_edit_makes_the_file_and_podman_accepts_it(
    account: Account, talk: Talk, plain: Server
) -> None:
    assert isinstance(await edit(talk, schema.SetSearch(registries=[plain.address])), Succeeded)
    entry = schema.SetRegistry(prefix=plain.address, insecure=True)
    assert isinstance(await edit(talk, entry), Succeeded)
    info = account.run("podman", "info", "--format", "{{.Registries}}")
    assert info.returncode == 0
    assert plain.address in info.stdout
    answer = await talk.ask(RegistriesShow())
    assert answer["search"] == [plain.address]
    assert answer["registries"][0]["insecure"] is True


async def test_an_edit_is_effective_at_once_for_a_service_that_runs(
    talk: Talk, plain: Server
) -> None:
    name = f"{plain.address}/library/app:1"
    await edit(talk, schema.SetRegistry(prefix=plain.address))
    refused = await talk.do(ImagePull(image=name))
    assert isinstance(refused, Failed), refused
    await edit(talk, schema.SetRegistry(was=plain.address, prefix=plain.address, insecure=True))
    assert isinstance(await talk.do(ImagePull(image=name)), Succeeded)
    await edit(talk, schema.SetRegistry(was=plain.address, prefix=plain.address, blocked=True))
    blocked = await talk.do(ImagePull(image=name))
    assert isinstance(blocked, Failed)
    assert "blocked" in blocked.error.message


async def test_a_file_that_changed_meanwhile_is_not_overwritten(
    account: Account, talk: Talk
) -> None:
    before = await own_digest(talk)
    account.write("# mine\n")
    outcome = await talk.do(
        schema.RegistriesEdit(seen=before, edit=schema.SetSearch(registries=["quay.io"]))
    )
    assert isinstance(outcome, Failed)
    assert outcome.error.code == "conflict"
    assert account.own_file.read_text() == "# mine\n"


@pytest.mark.parametrize(
    "text",
    [
        'short-name-mode = "sometimes"\n',
        "[[registry]\n",
        '[[registry]]\nlocation = "https://quay.io"\n',
        "[[registry]]\ninsecure = true\n",
        '[aliases]\n"x" = "quay.io/x:1"\n',
        '[registries.search]\nregistries = ["a.example"]\n[[registry]]\nlocation = "b.example"\n',
    ],
)
async def test_what_podman_would_not_read_is_refused_and_nothing_is_changed(
    account: Account, talk: Talk, text: str
) -> None:
    account.write('unqualified-search-registries = ["quay.io"]\n')
    outcome = await edit(talk, schema.ReplaceText(text=text))
    assert isinstance(outcome, Failed), outcome
    assert outcome.error.code == "invalid"
    assert account.own_file.read_text() == 'unqualified-search-registries = ["quay.io"]\n'
    assert sorted(path.name for path in account.own_file.parent.iterdir()) == ["registries.conf"]


async def test_a_symbolic_link_is_not_followed(account: Account, talk: Talk) -> None:
    account.write("# elsewhere\n", "elsewhere")
    account.run("ln", "-s", "elsewhere", str(account.own_file))
    answer = await talk.ask(RegistriesShow())
    assert "link" in answer["own_error"]
    outcome = await talk.do(
        schema.RegistriesEdit(seen="", edit=schema.SetSearch(registries=["quay.io"]))
    )
    assert isinstance(outcome, Failed)
    assert account.own_file.is_symlink()
    assert account.own_file.with_name("elsewhere").read_text() == "# elsewhere\n"


async def test_a_short_name_comes_from_the_mirror_as_the_page_says(
    account: Account, talk: Talk, plain: Server, mirror: Server
) -> None:
    await edit(talk, schema.SetSearch(registries=["far.example"]))
    await edit(
        talk,
        schema.SetRegistry(
            prefix="far.example",
            location=plain.address,
            insecure=True,
            mirrors=[schema.Mirror(location=f"{mirror.address}/copies", insecure=True)],
        ),
    )
    local = f"{plain.address}/library/app:1"
    account.run("podman", "pull", "--tls-verify=false", local)
    assert (await talk.ask(RegistryResolve(name="library/app:1")))["local"] == local
    account.run("podman", "rmi", local)
    answer = await talk.ask(RegistryResolve(name="library/app:1"))
    assert answer["local"] == ""
    assert answer["how"] == "search"
    assert [each["reference"] for each in answer["candidates"][0]["attempts"]] == [
        f"{mirror.address}/copies/library/app:1",
        f"{plain.address}/library/app:1",
    ]
    pulled = account.run("podman", "--log-level=debug", "pull", "library/app:1")
    assert pulled.returncode == 0, pulled.stderr
    assert f'Trying to access \\"{mirror.address}/copies/library/app:1\\"' in pulled.stderr
    assert f"GET http://{plain.address}/" not in pulled.stderr


@pytest.mark.parametrize("rule", ["all", "digest-only", "tag-only"])
async def test_a_mirrors_rule_is_followed_as_podman_does(
    account: Account, talk: Talk, plain: Server, mirror: Server, rule: str
) -> None:
    await edit(
        talk,
        schema.SetRegistry(
            prefix="far.example",
            location=plain.address,
            insecure=True,
            mirrors=[
                schema.Mirror(location=f"{mirror.address}/copies", insecure=True, pull_from=rule)  # type: ignore[arg-type]
            ],
        ),
    )
    answer = await talk.ask(RegistryResolve(name="far.example/library/app:1"))
    first = answer["candidates"][0]["attempts"][0]["reference"]
    pulled = account.run("podman", "--log-level=debug", "pull", "far.example/library/app:1")
    tried = [line for line in pulled.stderr.splitlines() if "Trying to access" in line]
    assert first in tried[0]


@pytest.mark.parametrize(
    ("name", "known"),
    [
        ("far.example/app", 1),
        ("sub.far.example/app", 1),
        ("far.example.other/app", 0),
        ("farxexample/app", 0),
    ],
)
async def test_a_wildcard_fits_the_hosts_that_podman_says(
    account: Account, talk: Talk, name: str, known: int
) -> None:
    account.write('[[registry]]\nprefix = "*.far.example"\nblocked = true\n')
    await edit(talk, schema.SetShortNameMode(mode="permissive"))
    answer = await talk.ask(RegistryResolve(name=name))
    blocked = bool(answer["candidates"] and answer["candidates"][0]["blocked"])
    really = "is blocked" in account.run("podman", "pull", name).stderr
    assert blocked == really


async def test_a_version_1_file_is_converted_and_means_the_same(
    account: Account, talk: Talk
) -> None:
    account.write(
        "# our registries\n[registries.search]\nregistries = ['quay.io', 'far.example']\n"
        "[registries.insecure]\nregistries = ['far.example']\n"
        "[registries.block]\nregistries = ['bad.example']\n"
    )
    before = await talk.ask(RegistriesShow())
    assert before["own_version"] == 1
    refused = await edit(talk, schema.SetSearch(registries=["quay.io"]))
    assert isinstance(refused, Failed)
    assert isinstance(await edit(talk, schema.ConvertFile()), Succeeded)
    after = await talk.ask(RegistriesShow())
    assert after["own_version"] == 2
    assert "# our registries" in after["own_text"]
    for part in ("search", "registries"):
        assert after[part] == before[part]


async def test_an_alias_wins_over_the_search_list_and_can_be_taken_away(
    talk: Talk, account: Account
) -> None:
    await edit(talk, schema.SetSearch(registries=["far.example"]))
    await edit(talk, schema.SetAlias(name="app", value="quay.io/team/app"))
    answer = await talk.ask(RegistryResolve(name="app:2"))
    assert answer["how"] == "alias"
    assert answer["candidates"][0]["name"] == "quay.io/team/app:2"
    await edit(talk, schema.RemoveAlias(name="app"))
    assert (await talk.ask(RegistryResolve(name="app:2")))["how"] == "search"

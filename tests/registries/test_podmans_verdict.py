"""What Podman refuses is reported, and changes made in a shell take effect at once."""

from typing import Any

import pytest
from pydantic import ValidationError

from engine.schema import image_names
from engine.schema.containers import ContainerRun
from engine.schema.images import ImagePull
from engine.schema.progress import Failed, Succeeded
from engine.schema.queries import (
    ImageUpdates,
    QueryFailed,
    RegistriesShow,
    RegistryCheck,
    RegistryRepositories,
    RegistryResolve,
    RegistrySearch,
    RegistryTags,
    RemoteImageInspect,
    SyncPlan,
)
from engine.schema.transfers import ImageDeleteRemote, ImageSync
from tests.fixtures.registries import Account, Server, Talk

REFUSED = {
    "a flag that is text": '[[registry]]\nlocation = "a.example"\ninsecure = "false"\n',
    "a location with a scheme": '[[registry]]\nlocation = "https://a.example"\n',
    "a prefix without a location": '[[registry]]\nprefix = "a.example"\n',
    "duplicates that differ": '[[registry]]\nlocation = "a.example"\ninsecure = true\n'
    '[[registry]]\nlocation = "a.example"\n',
    "a mode that does not exist": 'short-name-mode = "sometimes"\n',
    "an alias with a tag": '[aliases]\n"x" = "quay.io/x:1"\n',
    "an alias of a short name": '[aliases]\n"x" = "y"\n',
    "an alias for a whole name": '[aliases]\n"quay.io/x" = "quay.io/y"\n',
    "a search list that is text": 'unqualified-search-registries = "quay.io"\n',
    "a search list with a scheme": 'unqualified-search-registries = ["https://quay.io"]\n',
    "a mirror without a location": '[[registry]]\nlocation = "a.example"\n'
    "[[registry.mirror]]\ninsecure = true\n",
    "a mirror with another rule": '[[registry]]\nlocation = "a.example"\n'
    '[[registry.mirror]]\nlocation = "b.example"\npull-from-mirror = "sometimes"\n',
    "a wildcard with a path": '[[registry]]\nprefix = "*.a.example/x"\n',
    "a registry that is a number": "registry = 5\n",
    "registries that are texts": 'registry = ["a.example"]\n',
    "no TOML": "[[registry]\n",
}


@pytest.mark.parametrize("text", REFUSED.values(), ids=REFUSED)
async def test_what_podman_refuses_is_said_and_nothing_is_resolved(
    account: Account, talk: Talk, plain: Server, text: str
) -> None:
    account.write(text)
    output = account.run("podman", "info").stderr
    assert "getting registries" in output
    shown = await talk.ask(RegistriesShow())
    assert shown["problem"]
    assert shown["problem"] in output
    for name in ("x", "quay.io/x", "a.example/x:1"):
        resolved = await talk.ask(RegistryResolve(name=name))
        assert resolved["how"] == "refused"
        assert shown["problem"] in resolved["problem"]
        assert not resolved["candidates"]
    # The service may have read an earlier, valid file: it must not use that.
    pulled = await talk.do(ImagePull(image=f"{plain.address}/library/app:1", tls_verify=False))
    assert isinstance(pulled, Failed)
    assert shown["problem"] in pulled.error.message


async def test_aliases_that_podman_overlooks_are_overlooked(account: Account, talk: Talk) -> None:
    account.write('unqualified-search-registries = ["quay.io"]\naliases = "quay.io/x"\n')
    assert account.run("podman", "info").returncode == 0
    shown = await talk.ask(RegistriesShow())
    assert not shown["problem"]
    assert not any(each["error"] for each in shown["files"])
    assert (await talk.ask(RegistryResolve(name="x")))["how"] == "search"


async def test_a_drop_in_that_podman_refuses_is_said(account: Account, talk: Talk) -> None:
    account.write('unqualified-search-registries = ["quay.io"]\n')
    assert not (await talk.ask(RegistriesShow()))["problem"]
    account.write('[[registry]]\nlocation = "http://a.example"\n', "registries.conf.d/50.conf")
    assert "50.conf" in (await talk.ask(RegistriesShow()))["problem"]
    account.run("rm", str(account.home / ".config/containers/registries.conf.d/50.conf"))
    assert not (await talk.ask(RegistriesShow()))["problem"]


@pytest.mark.parametrize("file", ["registries.conf", "registries.conf.d/99-blocked.conf"])
async def test_a_registry_that_a_shell_blocks_is_blocked_at_once(
    account: Account, talk: Talk, plain: Server, file: str
) -> None:
    name = f"{plain.address}/library/app:1"
    entry = f'[[registry]]\nlocation = "{plain.address}"\ninsecure = true\n'
    account.write(entry, file)
    for _ in range(2):
        assert isinstance(await talk.do(ImagePull(image=name)), Succeeded)
        account.run("podman", "rmi", name)
        account.write(f"{entry}blocked = true\n", file)
        for query in (ImagePull(image=name), ContainerRun(image=name)):
            refused = await talk.do(query)
            assert isinstance(refused, Failed), refused
            assert "blocked" in refused.error.message
        account.write(entry, file)


async def test_an_alias_that_a_shell_makes_is_known_at_once(
    account: Account, talk: Talk, plain: Server
) -> None:
    entry = f'[[registry]]\nlocation = "{plain.address}"\ninsecure = true\n'
    account.write(entry)
    assert isinstance(await talk.do(ImagePull(image="the-app:1")), Failed)
    account.write(f'{entry}[aliases]\n"the-app" = "{plain.address}/library/app"\n')
    assert isinstance(await talk.do(ImagePull(image="the-app:1")), Succeeded)
    account.run("podman", "rmi", f"{plain.address}/library/app:1")


async def test_a_search_goes_by_the_files_as_they_are(account: Account, talk: Talk) -> None:
    account.write('unqualified-search-registries = "quay.io"\n')
    answer = await talk.ask(RegistrySearch(term="quay.io/x"))
    assert isinstance(answer, QueryFailed)
    assert "Podman refuses" in answer.message


async def test_nothing_is_read_from_a_registry_by_files_that_podman_refuses(
    account: Account, talk: Talk, plain: Server
) -> None:
    place, app = plain.address, f"{plain.address}/library/app"
    entry = f'[[registry]]\nlocation = "{place}"\ninsecure = true\n'
    copies: dict[str, Any] = {"source": app, "destination": f"{place}/copies/app"}
    reads = [
        RegistryRepositories(registry=place),
        RegistryTags(repository=app),
        RemoteImageInspect(image=f"{app}:1"),
        ImageUpdates(images=[f"{app}:1"]),
        SyncPlan(**copies, pattern="*"),
    ]
    writes = [ImageSync(**copies, pattern="*"), ImageDeleteRemote(image=f"{app}:1")]
    account.write(f'{entry}[aliases]\n"x" = "y"\n')
    for query in reads:
        answer = await talk.ask(query)
        assert isinstance(answer, QueryFailed), (query, answer)
        assert "Podman refuses its configuration" in answer.message, query
    for operation in writes:
        ended = await talk.do(operation)
        assert isinstance(ended, Failed), (operation, ended)
        assert "Podman refuses its configuration" in ended.error.message, operation
    [step] = (await talk.ask(RegistryCheck(registry=place)))["steps"]
    assert (step["name"], step["state"]) == ("configuration", "bad")
    account.write(entry)
    for query in reads:
        assert not isinstance(await talk.ask(query), QueryFailed), query
    assert (await talk.ask(RegistryCheck(registry=place)))["steps"][0]["name"] == "address"


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("Nginx", "lowercase"),
        ("team/App:1", "lowercase"),
        ("UPPER/case:1", "lowercase"),
        ("team/app:", "tag"),
        ("quay.io/a:b:c", "no tag"),
        ("http://quay.io/x", "http://"),
        ("https://quay.io/x:1", "https://"),
        ("quay.io/x@sha256:12", "digest"),
        (f"quay.io/x@md5:{'a' * 32}", "digest"),
        (f"quay.io/x@sha512:{'a' * 64}", "digest"),
        (f"quay.io/x@sha384:{'a' * 95}", "digest"),
        ("a//b", "invalid reference"),
        ("quay.io/", "invalid reference"),
        ("quay.io/-x/y", "invalid reference"),
        ("x/y/", "invalid reference"),
        ("a..b", "invalid reference"),
    ],
)
async def test_a_name_that_podman_refuses_gets_its_reason(
    account: Account, talk: Talk, name: str, reason: str
) -> None:
    answer = account.run("podman", "pull", "--", name)
    assert answer.returncode
    words = ("invalid reference", "lowercase", "unknown transport", "digest")
    assert any(word in answer.stderr for word in words)
    resolved = await talk.ask(RegistryResolve(name=name))
    assert resolved["how"] == "refused"
    assert reason in resolved["problem"]
    with pytest.raises(ValidationError, match=reason):
        image_names.checked(ImagePull(image=name))


@pytest.mark.parametrize(
    "name",
    ["nginx", "team/app:1", "quay.io/a/b_c/d--e:V1.0_x", "localhost:5000/x", "QUAY.io/x", "a__b/c",
     "docker.io/library/nginx:1@sha256:" + "a" * 64, "sha256:" + "a" * 64, "f" * 64, "0123456789ab",
     "quay.io/x@sha384:" + "a" * 96, "quay.io/x@sha512:" + "a" * 128,
     "docker://quay.io/x", "localhost/x"],
)  # fmt: skip
def test_a_name_that_podman_takes_is_taken(name: str) -> None:
    assert image_names.checked(ImagePull(image=name)).image == name

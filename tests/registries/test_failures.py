"""Registries that fail: clear errors, nothing half stored, and successful retries."""

import asyncio
from pathlib import Path
from uuid import uuid4

import pytest

from engine.schema import registries as schema
from engine.schema.images import ImagePull
from engine.schema.progress import Cancelled, Failed, Succeeded
from engine.schema.queries import RegistryCheck, RegistryTags, RemoteImageInspect
from engine.schema.transfers import ImageCopy
from tests.fixtures.registries import Account, Registries, Server, Talk
from tests.registries.failing import failing
from tests.waiting import eventually

FAULTS = [
    ("401", "unauthorized"),
    ("429", "unreachable"),
    ("500", "unreachable"),
]
BROKEN = [*FAULTS, ("drops", "unreachable"), ("wrong-digest", "unreachable")]


def insecure(account: Account, *addresses: str) -> None:
    account.write(
        "".join(f'[[registry]]\nlocation = "{address}"\ninsecure = true\n' for address in addresses)
    )


@pytest.mark.parametrize(("how", "code"), BROKEN)
async def test_a_failed_pull_says_why_leaves_nothing_and_can_be_tried_again(
    account: Account, talk: Talk, plain: Server, mirror: Server, how: str, code: str
) -> None:
    async with failing(plain.address) as registry:
        insecure(account, registry.address)
        account.run("podman", "rmi", "--all", "--force")
        name = f"{registry.address}/library/app:1"
        registry.how = how
        outcome = await talk.do(ImagePull(image=name))
        assert isinstance(outcome, Failed)
        assert outcome.error.code == code, outcome.error
        assert outcome.error.remedy
        assert account.run("podman", "images", "-q").stdout == ""
        registry.how = ""
        assert isinstance(await talk.do(ImagePull(image=name)), Succeeded)


@pytest.mark.parametrize(("how", "code"), BROKEN)
async def test_a_failed_copy_says_why_leaves_no_tag_and_can_be_tried_again(
    account: Account,
    talk: Talk,
    plain: Server,
    registries: Registries,
    how: str,
    code: str,
) -> None:
    fresh = registries.start(f"copied-{how}")  # one with the layers would not request them
    async with failing(plain.address) as registry:
        insecure(account, registry.address, fresh.address)
        target = f"{fresh.address}/copied/app:1"
        query = ImageCopy(source=f"{registry.address}/library/app:1", destination=target)
        registry.how = how
        outcome = await talk.do(query)
        assert isinstance(outcome, Failed)
        assert outcome.error.code == code, outcome.error
        assert (await talk.ask(RemoteImageInspect(image=target))).code == "not_found"
        registry.how = ""
        assert isinstance(await talk.do(query), Succeeded)


@pytest.mark.parametrize(("how", "code"), [*FAULTS, ("slow", "timeout")])
async def test_browsing_says_what_is_wrong(
    account: Account, talk: Talk, plain: Server, how: str, code: str
) -> None:
    async with failing(plain.address) as registry:
        insecure(account, registry.address)
        registry.how = how
        answer = await talk.ask(RegistryTags(repository=f"{registry.address}/library/app"))
        assert answer.code == code
        assert answer.remedy
        registry.how = ""
        names = await talk.ask(RegistryTags(repository=f"{registry.address}/library/app"))
        assert names["names"] == ["1"]


def skopeo(account: Account) -> str:
    """Return the pids of its programs that copy images."""
    return account.run("pgrep", "-u", str(account.uid), "-x", "skopeo").stdout


async def test_a_slow_copy_is_cancelled_and_its_programs_end(
    account: Account, talk: Talk, plain: Server, mirror: Server
) -> None:
    async with failing(plain.address) as registry:
        insecure(account, registry.address, mirror.address)
        registry.how = "slow"
        operation = uuid4()
        query = ImageCopy(
            source=f"{registry.address}/library/app:1", destination=f"{mirror.address}/slow/app:1"
        )

        async def carry_out() -> object:
            last: object = None
            async for message in talk.engine.run(operation, query):
                last = message
            return last

        task = asyncio.create_task(carry_out())
        await registry.asked.wait()
        assert skopeo(account)
        await talk.engine.cancel(operation)
        assert isinstance(await task, Cancelled)
        await eventually(lambda: not skopeo(account), "its programs end")
        left = ("find", "/tmp", "-maxdepth", "1", "-name", "berth-copy-*", "-user", account.name)
        await eventually(lambda: not account.run(*left).stdout, "its folder is removed")


async def test_an_expired_certificate_is_named(
    account: Account, talk: Talk, plain: Server, authority: Path
) -> None:
    pair = (authority / "expired.crt", authority / "server.key")
    async with failing(plain.address, pair) as registry:
        pem = (authority / "ca.crt").read_text()
        await talk.do(schema.RegistryTrust(registry=registry.address, certificate=pem))
        steps = (await talk.ask(RegistryCheck(registry=registry.address)))["steps"]
        assert steps[1]["state"] == "bad"
        assert "expired" in steps[1]["detail"]
        outcome = await talk.do(ImagePull(image=f"{registry.address}/library/app:1"))
        assert isinstance(outcome, Failed)
        assert "expired" in outcome.error.message

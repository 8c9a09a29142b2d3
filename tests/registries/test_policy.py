"""The account's signature policy is shown, and obeyed by pulls and copies."""

import json

import pytest

from engine.schema.images import ImagePull
from engine.schema.progress import Failed, Succeeded
from engine.schema.queries import RegistriesShow
from engine.schema.transfers import ImageCopy
from tests.fixtures.registries import Account, Server, Talk
from tests.registries.test_remote import insecure

ACCEPT, REJECT = [{"type": "insecureAcceptAnything"}], [{"type": "reject"}]


async def test_a_rejected_image_is_neither_pulled_nor_copied_and_the_policy_is_named(
    account: Account, talk: Talk, plain: Server, mirror: Server
) -> None:
    insecure(account, plain, mirror)
    account.run("podman", "rmi", "--all", "--force")
    name, there = f"{plain.address}/library/app:1", f"{mirror.address}/policy/app:1"
    policy = {"default": ACCEPT, "transports": {"docker": {plain.address: REJECT}}}
    file = account.write(json.dumps(policy), "policy.json")
    for query in (ImagePull(image=name), ImageCopy(source=name, destination=there)):
        refused = await talk.do(query)
        assert isinstance(refused, Failed)
        assert refused.error.code == "forbidden", refused.error
        assert "rejected by policy" in refused.error.message
        assert "policy.json" in refused.error.remedy
    assert account.run("podman", "images", "-q").stdout == ""
    answer = (await talk.ask(RegistriesShow()))["policy"]
    assert answer["origin"] == str(file)
    assert [
        (each["transport"], each["scope"], each["requirement"]) for each in answer["rules"]
    ] == [
        ("", "", "accept"),
        ("docker", plain.address, "reject"),
    ]
    file.unlink()
    assert isinstance(await talk.do(ImagePull(image=name)), Succeeded)


async def test_a_policy_that_rejects_by_default_lets_through_what_it_names(
    account: Account, talk: Talk, plain: Server, mirror: Server
) -> None:
    insecure(account, plain, mirror)
    policy = {
        "default": REJECT,
        "transports": {"docker": {f"{plain.address}/library": ACCEPT, mirror.address: REJECT}},
    }
    account.write(json.dumps(policy), "policy.json")
    assert not (await talk.ask(RegistriesShow()))["policy"]["accepts_anything"]
    assert isinstance(await talk.do(ImagePull(image=f"{plain.address}/library/app:1")), Succeeded)
    refused = await talk.do(ImagePull(image=f"{mirror.address}/copies/library/app:1"))
    assert isinstance(refused, Failed)


@pytest.mark.parametrize("text", ["{", "[]", '{"default": "accept"}', "{}"])
async def test_a_policy_that_is_broken_is_said_and_nothing_is_pulled(
    account: Account, talk: Talk, plain: Server, text: str
) -> None:
    insecure(account, plain)
    account.write(text, "policy.json")
    answer = (await talk.ask(RegistriesShow()))["policy"]
    assert answer["error"]
    assert answer["text"] == text
    refused = await talk.do(ImagePull(image=f"{plain.address}/library/app:1", policy="always"))
    assert isinstance(refused, Failed)

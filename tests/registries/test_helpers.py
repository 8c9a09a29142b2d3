"""Logins from a credential helper: used for browsing, as Podman uses them."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.schema.queries import RegistriesShow, RegistryCheck, RegistryTags
from tests.fixtures.registries import Account, Server, Talk
from tests.registries.test_remote import trust

HELPER = Path("/usr/bin/docker-credential-berth-test")
KNOWS = """#!/bin/sh
echo '{"ServerURL": "it", "Username": "harbour", "Secret": "master-key"}'
"""
EMPTY = """#!/bin/sh
echo "credentials not found in native keychain"
exit 1
"""
LOCKED = """#!/bin/sh
echo "the keychain is locked"
exit 1
"""


@pytest.fixture
def helper(account: Account, guarded: Server) -> Iterator[Path]:
    """Create a helper for the guarded registry, whose text the test writes."""
    content = json.dumps({"credHelpers": {guarded.address: "berth-test"}})
    account.run("mkdir", "-p", f"/run/user/{account.uid}/containers")
    account.run(
        *("sh", "-c", 'cat > "$1"', "sh", f"/run/user/{account.uid}/containers/auth.json"),
        given=content,
    )
    HELPER.touch(mode=0o755)
    yield HELPER
    HELPER.unlink()


async def test_browsing_uses_the_helper(
    talk: Talk, guarded: Server, authority: Path, helper: Path
) -> None:
    await trust(talk, guarded, authority)
    helper.write_text(KNOWS)
    answer = await talk.ask(RegistryTags(repository=f"{guarded.address}/no/such"))
    assert answer.code == "not_found"  # the login succeeded
    steps = (await talk.ask(RegistryCheck(registry=guarded.address)))["steps"]
    assert "as harbour" in steps[-1]["detail"]
    found = await talk.ask(RegistriesShow())
    assert found["sign_ins"][0]["username"] == "(berth-test)"
    assert "master-key" not in str(found)


@pytest.mark.parametrize(
    ("text", "output"), [(EMPTY, "wants a sign-in"), (LOCKED, "docker-credential-berth-test")]
)
async def test_a_helper_without_an_answer_is_told(
    talk: Talk, guarded: Server, authority: Path, helper: Path, text: str, output: str
) -> None:
    await trust(talk, guarded, authority)
    helper.write_text(text)
    answer = await talk.ask(RegistryTags(repository=f"{guarded.address}/no/such"))
    assert answer.code == "unauthorized"
    assert output in answer.message

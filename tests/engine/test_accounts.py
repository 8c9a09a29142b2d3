"""Accounts see and change only their own objects; an engine serves only the given peers."""

import os
import subprocess
import sys

import pytest

from engine.client import Engine
from engine.schema.containers import ContainerRemove, ContainerStop
from engine.schema.errors import EngineError, EngineUnreachable, ErrorCode
from engine.schema.queries import ContainerInspect, ContainerLogs
from tests.engine.account import Account
from tests.engine.linux_account import TREE, EngineProcess, LinuxAccount

KNOCK = """
import asyncio, pathlib, sys
from engine.client import Engine
async def main():
    async with Engine(pathlib.Path(sys.argv[1]), int(sys.argv[2])) as engine:
        print(await engine.ping())
asyncio.run(main())
"""


async def test_neither_sees_or_touches_the_others(alice: Account, bob: Account) -> None:
    hers = await alice.launch(name="web")
    his = await bob.launch(name="web")
    assert [row.id for row in (await alice.rows()).values()] == [hers]
    assert [row.id for row in (await bob.rows()).values()] == [his]
    for parameters in (ContainerStop(container=hers), ContainerRemove(container=hers, force=True)):
        assert (await bob.refused(parameters)).code == ErrorCode.NOT_FOUND
    for query in (ContainerInspect(container=hers), ContainerLogs(container=hers)):
        assert (await bob.unanswered(query)).code == "not_found"
    assert (await alice.rows())["web"].state == "running"


async def test_what_runs_in_it_is_the_accounts_own_process(alice: Account) -> None:
    await alice.launch(name="web")
    first = (await alice.inspect("web"))["State"]["Pid"]
    # Root in the container is the account outside.
    assert os.stat(f"/proc/{first}").st_uid == alice.linux.uid
    assert (await alice.engine.ping())["uid"] == alice.linux.uid


def test_another_account_cannot_open_the_socket(
    alice_process: EngineProcess, bob_linux: LinuxAccount
) -> None:
    done = _knock(bob_linux, alice_process)
    assert "Permission denied" in done.stderr


def test_another_account_is_refused_at_a_socket_that_it_can_open(
    alice_process: EngineProcess, alice_linux: LinuxAccount, bob_linux: LinuxAccount
) -> None:
    modes = {place: place.stat().st_mode for place in (alice_linux.runtime, alice_process.socket)}
    try:
        for place in modes:
            place.chmod(0o777)
        done = _knock(bob_linux, alice_process)
    finally:
        for place, mode in modes.items():
            place.chmod(mode)
    assert "does not serve your account" in done.stderr


async def test_nor_is_the_account_itself_served_when_only_another_may_ask(
    alice_process: EngineProcess, alice_linux: LinuxAccount
) -> None:
    done = _knock(alice_linux, alice_process)
    assert "does not serve your account" in done.stderr


async def test_the_client_talks_to_no_other_uid(
    alice_process: EngineProcess, bob_linux: LinuxAccount
) -> None:
    async with Engine(alice_process.socket, bob_linux.uid) as engine:
        with pytest.raises(EngineUnreachable, match="held by uid"):
            await engine.ping()


async def test_a_request_that_makes_no_sense_has_a_clear_answer(alice: Account) -> None:
    with pytest.raises(EngineError) as caught:
        await alice.engine._read("POST", "/v1/operations/no-uuid/cancel")
    assert caught.value.report.code == ErrorCode.INVALID


def _knock(linux: LinuxAccount, process: EngineProcess) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-c", KNOCK, str(process.socket), str(process.account.uid)],
        cwd="/",
        env=linux.environment() | {"PYTHONPATH": str(TREE), "PYTHONDONTWRITEBYTECODE": "1"},
        user=linux.uid,
        group=linux.gid,
        extra_groups=[],
        capture_output=True,
        text=True,
    )

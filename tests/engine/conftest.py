"""Two Linux accounts, an engine each, and real registries."""

# ruff: noqa: F811 - a parameter of pytest is the fixture of that name

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import pytest

from engine.client import Engine
from engine.schema.containers import ContainerKill, ContainerRemove
from launch.demo import make_image
from launch.identities import Account as Launched
from tests.engine.account import Account
from tests.engine.linux_account import EngineProcess, LinuxAccount, make_account
from tests.engine.registries import (  # noqa: F401 - fixtures
    SlowLine,
    private_registry,
    registry,
    slow_image,
    slow_line,
)
from tests.machine import own, remove_user


@pytest.fixture(scope="session")
def alice_linux() -> Iterator[LinuxAccount]:
    """A Linux account for the session."""
    yield make_account(own("eng-alice"))
    remove_user(own("eng-alice"))


@pytest.fixture(scope="session")
def bob_linux() -> Iterator[LinuxAccount]:
    """Another one."""
    yield make_account(own("eng-bob"))
    remove_user(own("eng-bob"))


@pytest.fixture(scope="session")
def alice_process(alice_linux: LinuxAccount, slow_line: SlowLine) -> Iterator[EngineProcess]:
    """Her engine, with the demo image in her store."""
    yield from _served(alice_linux, slow_line)


@pytest.fixture(scope="session")
def bob_process(bob_linux: LinuxAccount, slow_line: SlowLine) -> Iterator[EngineProcess]:
    """His engine, with the demo image in his store."""
    yield from _served(bob_linux, slow_line)


@pytest.fixture
async def alice(alice_process: EngineProcess) -> AsyncIterator[Account]:
    """Alice, who has no containers before and after."""
    async with _account(alice_process) as account:
        yield account


@pytest.fixture
async def bob(bob_process: EngineProcess) -> AsyncIterator[Account]:
    """Bob, who has no containers before and after."""
    async with _account(bob_process) as account:
        yield account


def _served(linux: LinuxAccount, slow_line: SlowLine) -> Iterator[EngineProcess]:
    slow_line.trusted_by(linux)
    process = EngineProcess(linux, "engine")
    process.start()
    make_image(
        Launched(linux.name, linux.uid, linux.gid, linux.home, linux.runtime, process.socket)
    )
    yield process
    process.end()


@asynccontextmanager
async def _account(process: EngineProcess) -> AsyncIterator[Account]:
    async with Engine(process.socket, process.account.uid) as engine:
        account = Account(process.account, process, engine)
        yield account
        for row in (await engine.snapshot()).containers:
            await account.outcome(ContainerKill(container=row.id))
            await account.outcome(ContainerRemove(container=row.id, force=True, volumes=True))

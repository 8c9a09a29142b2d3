"""A console account that somebody operates, and a token for the API."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.test import AsyncClient

from consoleapp.accounts.models import Grant, Host, LinuxAccount, User
from engine.schema.parameters import Role


@pytest.fixture
def web(transactional_db: None) -> LinuxAccount:
    host = Host.objects.create(name="local")
    return LinuxAccount.objects.create(
        host=host, name="web", key="web", uid=os.getuid(), socket="/nowhere/engine.sock"
    )


def person(name: str, account: LinuxAccount, role: Role) -> User:
    user = User.objects.create_user(name, password="harbour-master-1")
    Grant.objects.create(account=account, user=user, role=role)
    return user


@pytest.fixture
def olga(web: LinuxAccount) -> User:
    return person("olga", web, Role.OPERATOR)


@pytest.fixture
def victor(web: LinuxAccount) -> User:
    return person("victor", web, Role.VIEWER)


@pytest.fixture(autouse=True)
def spool() -> Iterator[Path]:
    """Where uploads rest; empty before and after."""
    folder: Path = settings.BERTH_DATA / "uploads"

    def empty() -> None:
        for left in folder.glob("*"):
            left.unlink()

    empty()
    yield folder
    empty()


async def client_of(user: User) -> AsyncClient:
    client = AsyncClient()
    await client.aforce_login(user)
    return client

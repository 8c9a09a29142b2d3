"""What the stories about the console have in common: people, accounts, and who asks."""

from collections.abc import Iterator
from typing import Any

import pytest

from consoleapp.accounts.models import Grant, Host, LinuxAccount, User
from consoleapp.core.actor import Actor
from consoleapp.operations import broker
from engine.schema.parameters import Role


@pytest.fixture
def host(db: None) -> Host:
    return Host.objects.create(name="local")


@pytest.fixture
def web(host: Host) -> LinuxAccount:
    """A Linux account that nobody runs an engine for."""
    return LinuxAccount.objects.create(
        host=host, name="web", key="web", uid=4242, socket="/nowhere/engine.sock"
    )


@pytest.fixture
def other(host: Host) -> LinuxAccount:
    return LinuxAccount.objects.create(
        host=host, name="other", key="other", uid=4243, socket="/nowhere/other.sock"
    )


@pytest.fixture
def olga(web: LinuxAccount) -> User:
    """Operator of `web`, and of nothing else."""
    return person("olga", web, Role.OPERATOR)


@pytest.fixture
def victor(web: LinuxAccount) -> User:
    """Viewer of `web`."""
    return person("victor", web, Role.VIEWER)


@pytest.fixture
def admin(db: None) -> User:
    return User.objects.create_superuser(username="root-ish", password="x-long-enough-x")


def person(name: str, account: LinuxAccount, role: Role) -> User:
    user = User.objects.create(username=name)
    Grant.objects.create(account=account, user=user, role=role)
    return user


def by(user: User, **more: Any) -> Actor:
    return Actor(user=user, ip="192.0.2.7", source="page", **more)


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[tuple[str, str]]]:
    """The messages that would go to Redis, as (task, id)."""
    messages: list[tuple[str, str]] = []

    def note(task: str, operation: Any, host: str) -> bool:
        messages.append((task, str(operation)))
        return True

    monkeypatch.setattr(broker, "send", note)
    return messages

"""What the stories have in common: an account whose policy asks, people, and no Redis."""

from collections.abc import Callable
from pathlib import Path

import pytest
from django.contrib.auth.models import Group
from django.test import Client

from consoleapp.accounts.models import Grant, Host, LinuxAccount, User
from consoleapp.core.actor import Actor
from consoleapp.notifications import queue
from consoleapp.operations import broker
from consoleapp.operations.models import Operation
from consoleapp.operations.submit import submit
from consoleapp.policies import effective_policy
from consoleapp.policies.versions import write
from consoleapp.snapshots import reader
from engine.policy.host_file import PolicyFile
from engine.schema.containers import ContainerRun
from engine.schema.parameters import Parameters, Role
from launch.demo import IMAGE

GIB = 1024**3
ASKING = """\
[memory]
most = "4g"
[approval]
kinds = ["container.remove", "image.load", "registry.login"]
[approval.memory]
most = "1g"
"""


@pytest.fixture(autouse=True)
def sent(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[tuple[str, str]]:
    """The messages that would go to workers, as (task, id)."""
    messages: list[tuple[str, str]] = []

    def send(task: str, operation: object, host: str) -> bool:
        messages.append((task, str(operation)))
        return True

    monkeypatch.setattr(broker, "send", send)
    monkeypatch.setattr(queue, "wake", lambda: True)
    monkeypatch.setattr(reader, "load", lambda *_: None)
    monkeypatch.setattr(reader, "watch", lambda *_: None)
    monkeypatch.setattr(effective_policy, "_file", PolicyFile(tmp_path / "policy.toml"))
    return messages


@pytest.fixture
def web(db: None) -> LinuxAccount:
    host = Host.objects.create(name="local")
    account = LinuxAccount.objects.create(host=host, name="web", key="web", uid=42, socket="/none")
    write(account, ASKING, actor=Actor(user=None))
    return account


def person(name: str, account: LinuxAccount, role: Role) -> User:
    user = User.objects.create(username=name)
    Grant.objects.create(account=account, user=user, role=role)
    return user


@pytest.fixture
def olga(web: LinuxAccount) -> User:
    """An operator, who asks."""
    return person("olga", web, Role.OPERATOR)


@pytest.fixture
def olaf(web: LinuxAccount) -> User:
    """An owner, who may approve."""
    return person("olaf", web, Role.OWNER)


@pytest.fixture
def admin(db: None) -> User:
    return User.objects.create(username="admin", is_superuser=True)


@pytest.fixture
def team(db: None) -> Group:
    return Group.objects.create(name="reviewers")


@pytest.fixture
def as_() -> Callable[[User], Client]:
    """A browser in which somebody is signed in."""

    def sign_in(user: User) -> Client:
        client = Client()
        client.force_login(user)
        return client

    return sign_in


def by(user: User) -> Actor:
    return Actor(user=user, ip="192.0.2.7", source="page")


def wanted(memory: int | None = 2 * GIB, name: str = "big") -> ContainerRun:
    """A launch that asks with 2 GiB, is allowed with 1, and refused with 5."""
    return ContainerRun(image=IMAGE, name=name, memory=memory)


def request(account: LinuxAccount, user: User, parameters: Parameters | None = None) -> Operation:
    """What waits."""
    return submit(account, parameters or wanted(), actor=by(user))

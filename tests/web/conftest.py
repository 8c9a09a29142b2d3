"""What the stories about pages have in common: people, accounts, snapshots, operations."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.test import Client
from django.utils import timezone

from consoleapp.accounts.models import Grant, Host, LinuxAccount, User
from consoleapp.operations import broker
from consoleapp.operations.models import Operation
from consoleapp.snapshots import page_events, reader
from engine.schema.containers import ContainerStop
from engine.schema.parameters import Parameters, Role
from engine.schema.snapshot import ContainerRow, EngineInfo, ImageRow, Snapshot


@dataclass(frozen=True)
class Seen:
    """What `snapshots.load` answers, as far as pages read it."""

    snapshot: Snapshot | None
    live: bool = True
    error: str = ""
    age: float = 1.0
    version: int = 1
    taken: datetime | None = None
    silent: int = 0

    @property
    def trouble(self) -> str:
        return self.error


@pytest.fixture
def host(db: None) -> Host:
    return Host.objects.create(name="local", label="quay1")


@pytest.fixture
def web(host: Host) -> LinuxAccount:
    return LinuxAccount.objects.create(
        host=host, name="web", key="web", uid=4242, socket="/no/sock"
    )


@pytest.fixture
def shop(host: Host) -> LinuxAccount:
    return LinuxAccount.objects.create(
        host=host, name="shop", key="shop", uid=4243, socket="/no/sock2"
    )


def person(name: str, account: LinuxAccount | None = None, role: Role | None = None) -> User:
    user = User.objects.create_user(name, password="harbour-master-1")
    if account and role:
        Grant.objects.create(account=account, user=user, role=role)
    return user


@pytest.fixture
def owner(web: LinuxAccount) -> User:
    return person("olaf", web, Role.OWNER)


@pytest.fixture
def operator(web: LinuxAccount) -> User:
    return person("olga", web, Role.OPERATOR)


@pytest.fixture
def viewer(web: LinuxAccount) -> User:
    return person("victor", web, Role.VIEWER)


@pytest.fixture
def stranger(shop: LinuxAccount) -> User:
    """Holds a grant, but on another account."""
    return person("stina", shop, Role.OWNER)


@pytest.fixture
def admin(db: None) -> User:
    return User.objects.create_superuser("admin", password="harbour-master-1")


@pytest.fixture
def team(db: None) -> Group:
    return Group.objects.create(name="Web team")


@pytest.fixture
def as_(db: None) -> Callable[[User], Client]:
    """A browser in which somebody is signed in."""

    def sign_in(user: User) -> Client:
        client = Client()
        client.force_login(user)
        return client

    return sign_in


@pytest.fixture(autouse=True)
def sent(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
    """The messages that would go to the workers, as (task, id); nothing goes to Redis."""
    messages: list[tuple[str, str]] = []

    def note(task: str, operation: Any, host: str) -> bool:
        messages.append((task, str(operation)))
        return True

    monkeypatch.setattr(broker, "send", note)
    monkeypatch.setattr(page_events, "publish", lambda *args, **kwargs: None)
    return messages


@pytest.fixture(autouse=True)
def seen(monkeypatch: pytest.MonkeyPatch) -> dict[str, Seen]:
    """Snapshots by account key; an account that is not in it has none yet."""
    known: dict[str, Seen] = {}
    monkeypatch.setattr(reader, "load", lambda account: known.get(account.key, Seen(None)))
    monkeypatch.setattr(reader, "watch", lambda account: None)
    return known


def container(name: str, state: Any = "running", **more: Any) -> ContainerRow:
    return ContainerRow(
        id=name.encode().hex().ljust(64, "0"),
        name=name,
        image="localhost/demo:1",
        image_id="f" * 64,
        created=timezone.now() - timedelta(hours=1),
        state=state,
        **more,
    )


def snapshot(*containers: ContainerRow, **info: Any) -> Snapshot:
    facts: dict[str, Any] = {
        "podman_version": "5.4.2",
        "api_version": "5.4.2",
        "runtime": "crun",
        "storage_driver": "overlay",
        "storage_root": "/home/web/containers",
        "cgroup_version": "v2",
        "cgroup_controllers": ["cpu", "memory", "pids", "io"],
        "disk_used": 31 * 10**9,
        "disk_total": 64 * 10**9,
    }
    image = ImageRow(id="f" * 64, tags=["localhost/demo:1"], created=timezone.now(), size=4_320_000)
    return Snapshot(
        taken=timezone.now(),
        containers=list(containers),
        images=[image],
        info=EngineInfo(**(facts | info)),
    )


def operation(
    account: LinuxAccount, user: User, parameters: Parameters | None = None, **more: Any
) -> Operation:
    asked = parameters or ContainerStop(container="db")
    row = {
        "kind": asked.kind,
        "account": account,
        "requested_by": user,
        "actor_name": user.username,
        "source": "page",
        "parameters": asked.public(),
        "command": asked.command(),
        "target": asked.target(),
        "lane": asked.lane,
        "requested_at": timezone.now(),
        "state": "running",
        "started_at": timezone.now(),
    }
    return Operation.objects.create(**(row | more))


def ended(state: str = "succeeded", **more: Any) -> dict[str, Any]:
    """The fields of an operation that has ended so."""
    return {"state": state, "ended_at": timezone.now(), **more}

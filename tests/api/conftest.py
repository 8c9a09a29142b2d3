"""People with different grants on two accounts, and callers of the API that speak for them."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client

from consoleapp.accounts.models import Grant, Host, LinuxAccount, User
from consoleapp.accounts.tokens import issue
from consoleapp.snapshots import reader
from engine.schema.snapshot import ContainerRow, EngineInfo, ImageRow, Snapshot

TAKEN = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


@dataclass
class Caller:
    """Speaks to the API with a token."""

    secret: str
    client: Client

    def get(self, path: str, **query: Any) -> HttpResponse:
        return self.client.get(f"/api/v1{path}", query, headers=self._headers({}))

    def delete(self, path: str) -> HttpResponse:
        return self.client.delete(f"/api/v1{path}", headers=self._headers({}))

    def post(self, path: str, body: Any = None, **headers: str) -> HttpResponse:
        return self.client.post(
            f"/api/v1{path}",
            body,
            content_type="application/json",
            headers=self._headers(headers),
        )

    def operate(self, kind: str, account: str = "web", key: str = "", **parameters: Any) -> Any:
        """Request an operation."""
        headers = {"Idempotency-Key": key} if key else {}
        body = {"kind": kind, "parameters": parameters}
        return self.post(f"/accounts/{account}/operations", body, **headers)

    def _headers(self, more: dict[str, str]) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.secret}", **more}


@pytest.fixture
def accounts(db: None) -> dict[str, LinuxAccount]:
    """Two Linux accounts on this host."""
    host, _ = Host.objects.get_or_create(name="local")
    return {
        name: LinuxAccount.objects.create(
            host=host, name=name, key=name, uid=3000 + number, socket=f"/nowhere/{name}.sock"
        )
        for number, name in enumerate(["web", "mail"])
    }


@pytest.fixture
def people(accounts: dict[str, LinuxAccount]) -> dict[str, User]:
    """Each has that role on the account web; nobody but the administrator has one on mail."""
    found = {
        name: User.objects.create_user(name) for name in ("viewer", "operator", "owner", "stranger")
    }
    for name in ("viewer", "operator", "owner"):
        Grant.objects.create(account=accounts["web"], user=found[name], role=name)
    found["admin"] = User.objects.create_superuser("admin")
    return found


@pytest.fixture
def caller(people: dict[str, User]) -> Callable[..., Caller]:
    """Makes callers: caller("viewer"), caller("operator", scope="read")."""

    def make(name: str, scope: str = "operate") -> Caller:
        _, secret = issue(people[name], "test", scope, None)  # type: ignore[arg-type]
        return Caller(secret, Client())

    return make


def a_container(number: int, name: str, state: str = "running") -> ContainerRow:
    return ContainerRow(
        id=f"{number:064x}",
        name=name,
        image="localhost/demo:latest",
        image_id="ab" * 32,
        created=TAKEN,
        state=state,  # type: ignore[arg-type]
    )


@pytest.fixture
def seen(monkeypatch: pytest.MonkeyPatch) -> Snapshot:
    """What the observer last saw of every account: three containers and two images."""
    snapshot = Snapshot(
        taken=TAKEN,
        containers=[
            a_container(0xB0B, "web-2", "exited"),
            a_container(0xA11CE, "web-1"),
            a_container(0xCAFE, "db-1"),
        ],
        images=[
            ImageRow(id="ab" * 32, tags=["localhost/demo:latest"], created=TAKEN, size=10),
            ImageRow(id="cd" * 32, created=TAKEN, size=20, dangling=True),
        ],
        info=EngineInfo(
            podman_version="4.3.1",
            api_version="4.3.1",
            runtime="runc",
            storage_driver="vfs",
            storage_root="/home/web/storage",
            cgroup_version="v1",
        ),
    )
    current = reader.AccountSnapshot(snapshot=snapshot, version=1, live=True, error="")
    monkeypatch.setattr(reader, "fresh_sync", lambda *_, **__: current)
    monkeypatch.setattr(reader, "load", lambda *_: current)
    return snapshot

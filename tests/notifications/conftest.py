"""What the stories about notifications have in common: people, rules, a receiver."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from ipaddress import ip_network
from typing import Any

import pytest
from django.utils import timezone

from consoleapp.accounts.models import User
from consoleapp.notifications import queue
from consoleapp.notifications.event_types import ABOUT, Happening
from consoleapp.notifications.models import Rule, Webhook
from consoleapp.notifications.record import Seen
from consoleapp.notifications.webhooks import new_secret
from tests.notifications.receiver import Receiver, receiving
from tests.operations.conftest import (  # noqa: F401 - fixtures
    admin,
    host,
    olga,
    other,
    victor,
    web,
)

EVERYTHING = [each.value for each in ABOUT]
CONTAINER = "c" * 64


@pytest.fixture(autouse=True)
def woken(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """How often a worker would have been told; nothing goes to Redis."""
    times: list[bool] = []
    monkeypatch.setattr(queue, "wake", lambda: times.append(True) or True)
    return times


@pytest.fixture
def receiver(settings: Any) -> Iterator[Receiver]:
    """On loopback, where the administrator allows it."""
    settings.BERTH_WEBHOOK_NETWORKS = [ip_network("127.0.0.1/32")]
    with receiving() as one:
        yield one


def rule(user: User, **fields: Any) -> Rule:
    """One of `user`, made long ago: everything, everywhere, by the bell."""
    hooks = fields.pop("webhooks", [])
    accounts = fields.pop("accounts", [])
    fields = {"happenings": EVERYTHING, "observed": True, "all_accounts": not accounts, **fields}
    made = Rule.objects.create(user=user, **fields)
    Rule.objects.filter(pk=made.pk).update(created_at=timezone.now() - timedelta(days=9))
    made.webhooks.set(hooks)
    made.accounts.set(accounts)
    return made


def hook(user: User, url: str) -> tuple[Webhook, str]:
    """A webhook of `user`, and its secret."""
    secret, sealed = new_secret()
    return Webhook.objects.create(user=user, name="ops", url=url, sealed=sealed), secret


def death(key: str = "1", at: datetime | None = None, container: str = CONTAINER) -> Seen:
    """A container that exited with an error."""
    return Seen(
        Happening.CONTAINER_EXITED,
        key=key,
        object=container,
        name="web",
        at=at or timezone.now(),
        detail="It ended with the exit status 3.",
    )


def illness() -> Seen:
    """A container that is unhealthy."""
    return Seen(
        Happening.CONTAINER_UNHEALTHY,
        key=CONTAINER,
        object=CONTAINER,
        name="web",
        at=timezone.now(),
    )

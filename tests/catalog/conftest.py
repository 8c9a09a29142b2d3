"""The people and accounts of the stories about pages, and a host whose ports are free."""

from typing import Any

import pytest

from consoleapp.catalog import changes, ports
from consoleapp.catalog.definition import parse
from consoleapp.catalog.models import LaunchTemplate
from tests.web.conftest import (  # noqa: F401 - fixtures
    admin,
    as_,
    host,
    operator,
    owner,
    seen,
    sent,
    shop,
    stranger,
    team,
    viewer,
    web,
)

WEB: dict[str, Any] = {
    "description": "# A shop\n\nOne a customer.",
    "icon": "world",
    "parameters": [
        {"name": "customer", "type": "text", "label": "Customer", "pattern": "[a-z]+"},
        {"name": "size", "type": "choice", "choices": ["64m", "128m"], "default": "64m"},
        {"name": "port", "type": "port"},
        {"name": "password", "type": "secret", "required": False},
    ],
    "run": {
        "image": "registry.example/shop:1",
        "name": "shop-${customer}",
        "memory": "${size}",
        "ports": [{"container_port": 8080, "host_port": "${port}"}],
        "volumes": [{"source": "shop-${customer}", "target": "/srv"}],
        "environment": {"CUSTOMER": "${customer}", "DB_PASSWORD": "${password}"},
    },
}


@pytest.fixture
def busy(monkeypatch: pytest.MonkeyPatch) -> set[int]:
    """Ports that somebody else on the host has; all others are free, as an engine would say."""
    others: set[int] = set()

    def free(account: Any, query: Any, actor: Any) -> list[int]:
        skipped = others | set(query.without)
        return [p for p in range(query.first, query.last + 1) if p not in skipped][: query.count]

    monkeypatch.setattr(ports, "ask", free)
    return others


def template(user: Any, contents: dict[str, Any] = WEB, name: str = "Shop") -> LaunchTemplate:
    from consoleapp.core.actor import Actor

    return changes.create(name, parse(contents), actor=Actor(user=user))

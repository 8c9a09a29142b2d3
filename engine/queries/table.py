"""Which function answers which query. A new query is one line here."""

from collections.abc import AsyncIterator, Callable
from typing import Any

from engine.adapters.podman import Podman
from engine.queries import containers, images, logs, ports, stats
from engine.schema.parameters import Model

Answer = Callable[[Podman, Any], AsyncIterator[Model]]

ANSWER: dict[str, Answer] = {
    "container.inspect": containers.inspect,
    "container.top": containers.top,
    "container.changes": containers.changes,
    "container.logs": logs.logs,
    "container.stats": stats.stats,
    "image.inspect": images.inspect,
    "image.history": images.history,
    "system.disk": images.disk,
    "host.free_ports": ports.free,
}

"""The table of queries and the functions that answer them. To add a query, add a line here."""

from collections.abc import AsyncIterator, Callable
from typing import Any

from engine.podman.client import Podman
from engine.queries import (
    builds,
    containers,
    disk,
    image_comparison,
    images,
    layers,
    logs,
    ports,
    registries,
    remote_images,
    session,
    stats,
    units,
    updates,
)
from engine.schema.parameters import Model
from engine.schema.queries import Query
from engine.systemd.inventory import Inventory

Answer = Callable[[Podman, Any], AsyncIterator[Model]]

ANSWER: dict[str, Answer] = {
    "container.inspect": containers.inspect,
    "container.top": containers.top,
    "container.changes": containers.changes,
    "container.logs": logs.logs,
    "container.stats": stats.stats,
    "build.log": builds.log,
    "image.inspect": images.inspect,
    "image.history": images.history,
    "image.layers": layers.layers,
    "image.layer.files": layers.files,
    "image.updates": updates.updates,
    "image.compare": image_comparison.compare,
    "manifest.inspect": images.manifest,
    "system.disk": disk.disk,
    "system.prune.preview": disk.preview,
    "host.free_ports": ports.free,
    "registries.show": registries.show,
    "registry.resolve": registries.resolve,
    "registry.check": registries.check,
    "registry.search": remote_images.search,
    "registry.repositories": remote_images.repositories,
    "registry.tags": remote_images.tags,
    "registry.image": remote_images.image,
    "registry.sync-plan": remote_images.sync_plan,
}
# These also query systemd.
UNIT_ANSWER: dict[str, Callable[[Inventory, Any], AsyncIterator[Model]]] = {
    "unit.file": units.file,
    "unit.status": units.status,
    "unit.journal": units.journal_lines,
    "unit.validate": units.check,
    "container.unit-preview": units.preview,
    "session.health": session.health,
    "autoupdate.preview": session.auto_updates,
}


def answer(podman: Podman, inventory: Inventory, wanted: Query) -> AsyncIterator[Model]:
    """Yield the answers to a query."""
    if wanted.query in UNIT_ANSWER:
        return UNIT_ANSWER[wanted.query](inventory, wanted)
    return ANSWER[wanted.query](podman, wanted)

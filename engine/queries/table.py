"""Which function answers which query. A new query is one line here."""

from collections.abc import AsyncIterator, Callable
from typing import Any

from engine.adapters.podman import Podman
from engine.queries import (
    builds,
    compare,
    containers,
    disk,
    images,
    layers,
    logs,
    registries,
    remote,
    stats,
)
from engine.schema.parameters import Model

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
    "image.compare": compare.compare,
    "manifest.inspect": images.manifest,
    "system.disk": disk.disk,
    "system.prune.preview": disk.preview,
    "registries.show": registries.show,
    "registry.resolve": registries.resolve,
    "registry.check": registries.check,
    "registry.search": remote.search,
    "registry.repositories": remote.repositories,
    "registry.tags": remote.tags,
    "registry.image": remote.image,
    "registry.sync-plan": remote.sync_plan,
}

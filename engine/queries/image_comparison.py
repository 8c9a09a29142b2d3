"""Compare two images: their settings, and their files by content (sizes and checksums)."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

from engine.podman import api
from engine.podman.client import Podman
from engine.podman.layer_store import Entry, StoredLayer, entries
from engine.queries.layers import digests_of, in_store, store
from engine.schema.errors import EngineError, ErrorCode
from engine.schema.layers import Comparison, FileChange, ImageCompare, Setting
from engine.schema.messages import msg
from engine.schema.queries import Document

MOST_FILES = 400_000
"""The maximum per image. More would not fit into an engine's memory."""
MOST_SHOWN = 5_000
_SIMPLE = ("User", "WorkingDir", "StopSignal", "Cmd", "Entrypoint", "Shell", "OnBuild")
_NAMED = ("Labels", "ExposedPorts", "Volumes")
Tree = dict[str, Entry]


async def compare(podman: Podman, query: ImageCompare) -> AsyncIterator[Document]:
    """Answer what `other` adds, lacks, and changes compared with `image`."""
    one = await api.inspect_image(podman, query.image)
    other = await api.inspect_image(podman, query.other)
    stored = await store(podman)
    stacks = [[in_store(stored, digest) for digest in digests_of(image)] for image in (one, other)]
    changes = await asyncio.to_thread(_differences, *stacks)
    answer = Comparison(
        image_id=str(one["Id"]),
        other_id=str(other["Id"]),
        settings=_settings(_flat(one), _flat(other)),
        added=sum(change.change == "added" for change in changes),
        removed=sum(change.change == "removed" for change in changes),
        changed=sum(change.change == "changed" for change in changes),
        files=changes[:MOST_SHOWN],
        same_layers=_same(digests_of(one), digests_of(other)),
    )
    yield Document(data=answer.model_dump(mode="json"))


def _flat(image: dict[str, Any]) -> dict[str, str]:
    """Return an image's settings by name, each as text."""
    config = image.get("Config") or {}
    found = {"Architecture": image.get("Architecture"), "Os": image.get("Os")}
    found["Author"] = image.get("Author")
    found |= {name: config.get(name) for name in _SIMPLE}
    for variable in config.get("Env") or []:
        name, _, value = str(variable).partition("=")
        found[f"Env {name}"] = value
    for group in _NAMED:
        for name, value in (config.get(group) or {}).items():
            found[f"{group} {name}"] = value if isinstance(value, str) else "yes"
    health = image.get("HealthCheck") or image.get("Healthcheck")
    found["Healthcheck"] = (health or {}).get("Test")
    return {name: _text(value) for name, value in found.items() if value}


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _settings(before: dict[str, str], after: dict[str, str]) -> list[Setting]:
    names = [*before, *(name for name in after if name not in before)]
    return [
        Setting(name=name, before=before.get(name, ""), after=after.get(name, ""))
        for name in names
        if before.get(name) != after.get(name)
    ]


def _differences(before: list[StoredLayer], after: list[StoredLayer]) -> list[FileChange]:
    one, other = _tree(before), _tree(after)
    found = []
    for name, entry in one.items():
        now = other.get(name)
        if now is None:
            found.append(FileChange(change="removed", path=name, before=_size(entry)))
        elif _facts(now) != _facts(entry):
            change = FileChange(change="changed", path=name, before=_size(entry), after=_size(now))
            found.append(change)
    for name, entry in other.items():
        if name not in one:
            found.append(FileChange(change="added", path=name, after=_size(entry)))
    return sorted(found, key=lambda change: change.path)


def _tree(stack: list[StoredLayer]) -> Tree:
    """Return the files that a container would see, from the topmost layer down."""
    tree: Tree = {}
    hidden: set[str] = set()
    for layer in reversed(stack):
        here: Tree = {}
        taken: set[str] = set()
        for entry in entries(layer):
            if entry.kind == "removed":
                taken.add(entry.path)
            elif entry.kind == "emptied":
                taken.add(entry.path + "/")
            elif entry.path not in tree and not _is_hidden(entry.path, hidden, tree):
                here[entry.path] = entry
                if len(tree) + len(here) > MOST_FILES:
                    raise EngineError(
                        ErrorCode.UNAVAILABLE,
                        msg(
                            "An image has more than %(most_files)s files: too many to compare "
                            "here.",
                            most_files=f"{MOST_FILES:,}",
                        ),
                        msg("`podman diff IMAGE OTHER` in a shell of the account compares them."),
                    )
        tree |= here
        hidden |= taken
    return tree


def _is_hidden(name: str, hidden: set[str], tree: Tree) -> bool:
    """Return whether a higher layer removed it or its folder, or replaced that with a file."""
    if name in hidden:
        return True
    end = name.rfind("/")
    while end > 0:
        above = name[:end]
        found = tree.get(above)
        if above in hidden or f"{above}/" in hidden or (found and found.kind != "directory"):
            return True
        end = above.rfind("/")
    return "//" in hidden


def _facts(entry: Entry) -> tuple[object, ...]:
    return (
        entry.kind,
        entry.size,
        entry.checksum,
        entry.mode,
        entry.uid,
        entry.gid,
        entry.target,
    )


def _size(entry: Entry) -> int | None:
    return entry.size if entry.kind == "file" else None


def _same(one: list[str], other: list[str]) -> int:
    count = 0
    for first, second in zip(one, other, strict=False):
        if first != second:
            break
        count += 1
    return count

"""`podman auto-update`, and the timer that runs it (podman-auto-update(1))."""

import json
from typing import Any

from engine.process import programs
from engine.schema import units as schema

TIMER = "podman-auto-update.timer"


async def updates(*options: str) -> tuple[list[schema.AutoUpdated], str]:
    """Run `podman auto-update`. Return its result per container, and its error output."""
    done = await programs.run("podman", "auto-update", "--format", "json", *options, seconds=3600.0)
    rows: list[dict[str, Any]] = json.loads(done.output) if done.output.strip() else []
    found = [
        schema.AutoUpdated(
            unit=str(row.get("Unit") or ""),
            container=str(row.get("ContainerName") or row.get("Container") or ""),
            image=str(row.get("Image") or row.get("ImageName") or ""),
            policy=str(row.get("Policy") or ""),
            updated=str(row.get("Updated") or ""),
        )
        for row in rows or []
    ]
    return found, done.last_words.removeprefix("Error: ") if done.status else ""

"""Run health checks for accounts without systemd.

Podman relies on systemd: it creates a timer for each container with a health check. Without a user
manager nobody would run the checks, so the engine runs them at the same intervals.
"""

import asyncio
import logging
from contextlib import aclosing
from typing import Any

from engine.podman import api, events
from engine.podman.client import Podman
from engine.schema.errors import EngineError, ErrorCode

log = logging.getLogger(__name__)
_AGAIN_AFTER = 1.0
_GONE = {ErrorCode.NOT_FOUND, ErrorCode.CONFLICT}


class HealthChecks:
    """The checks of one account's running containers, with a task for each."""

    def __init__(self, podman: Podman) -> None:
        self._podman = podman
        self._checks: dict[str, asyncio.Task[None]] = {}

    @property
    def busy(self) -> bool:
        """Return whether any container is being checked, so the engine must not exit."""
        return bool(self._checks)

    async def run(self) -> None:
        """Follow container starts until cancelled."""
        try:
            while True:
                try:
                    await self._follow()
                except EngineError as error:
                    log.warning("following what starts begins again: %s", error)
                    await asyncio.sleep(_AGAIN_AFTER)
        finally:
            for task in self._checks.values():
                task.cancel()

    async def _follow(self) -> None:
        async with aclosing(events.follow(self._podman)) as happened:
            async for event in happened:
                if event.noun == "system":
                    for container in await self._running():
                        self._begin(container)
                elif event.noun == "container" and event.action == "start":
                    self._begin(event.id)

    async def _running(self) -> list[str]:
        rows = await api.list_containers(self._podman, all=False, filters={"status": ["running"]})
        return [str(row["Id"]) for row in rows]

    def _begin(self, container: str) -> None:
        if container not in self._checks:
            task = asyncio.create_task(self._check(container))
            self._checks[container] = task
            task.add_done_callback(lambda _: self._checks.pop(container, None))

    async def _check(self, container: str) -> None:
        """Check immediately, then after each interval, until the container stops."""
        try:
            found = await api.inspect_container(self._podman, container)
            interval = _interval(found["Config"].get("Healthcheck") or {})
            while interval:
                await api.run_health_check(self._podman, container)
                await asyncio.sleep(interval)
        except EngineError as error:
            if error.report.code not in _GONE:
                log.warning("no more health checks of %s: %s", container[:12], error)


def _interval(check: dict[str, Any]) -> float:
    """Return the seconds between two runs; 0 without a check, or if it only runs manually."""
    tests = (check.get("Test") or ["NONE"])[0] != "NONE"
    return int(check.get("Interval") or 0) / 1e9 if tests else 0.0

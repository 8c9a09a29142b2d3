"""Measure how long an engine has owed an answer: it, or its Podman, may hang."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

from engine.schema.queries import EngineEvent

SILENT_AFTER = 5.0
"""Seconds without a heartbeat until pages show it. Heartbeats are more frequent."""
LOOK_EVERY = 1.0
SAY_AGAIN_EVERY = 5.0
"""Seconds after which pages are told that it continues."""


class Silence:
    """Watches one engine. `since` is set while it does not answer."""

    def __init__(self) -> None:
        self.since: datetime | None = None
        self._answered_at = time.monotonic()
        self._waiting_since: float | None = None
        self._connecting = True
        self._beats = False
        self._told_at = 0.0

    def connecting(self) -> None:
        """Note that a connection is being made: only messages on it end the silence."""
        if not self._connecting and self.since is None:
            self._answered_at = time.monotonic()
        self._connecting, self._beats = True, False

    def answered(self, event: EngineEvent | None = None) -> None:
        """Note a message from the engine."""
        self._answered_at = time.monotonic()
        if event is None or event.noun != "system":
            return
        self._connecting = False
        # Engines of earlier versions send no heartbeats, so none are expected from them.
        self._beats = self._beats or event.action == "heartbeat"

    @contextmanager
    def awaiting_answer(self) -> Iterator[None]:
        """Note that a query runs within the block."""
        self._waiting_since = time.monotonic()
        try:
            yield
        finally:
            self._waiting_since = None

    def look(self) -> bool:
        """Update `since`. Return whether pages must be told."""
        now = time.monotonic()
        seconds = self._seconds(now)
        if seconds < SILENT_AFTER:
            ended, self.since = self.since is not None, None
            return ended
        begins = self.since is None
        if begins:
            self.since = datetime.now(UTC) - timedelta(seconds=seconds)
        elif now < self._told_at + SAY_AGAIN_EVERY:
            return False
        self._told_at = now
        return True

    def _seconds(self, now: float) -> float:
        due = [self._answered_at] if self._beats or self._connecting else []
        if self._waiting_since is not None:
            due.append(self._waiting_since)
        return now - min(due, default=now)

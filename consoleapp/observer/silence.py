"""How long an engine has said nothing although an answer is due: it may hang, or its Podman may."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

from engine.schema.queries import EngineEvent

SILENT_AFTER = 5.0
"""Seconds without a sign of life until pages say so; heartbeats come more often than that."""
LOOK_EVERY = 1.0
SAY_AGAIN_EVERY = 5.0
"""Seconds after which pages are told that it still goes on."""


class Silence:
    """Watches over one engine. `since` is set while it is silent."""

    def __init__(self) -> None:
        self.since: datetime | None = None
        self._heard_at = time.monotonic()
        self._asked_at: float | None = None
        self._connecting = True
        self._beats = False
        self._told_at = 0.0

    def connecting(self) -> None:
        """A connection is being made; only what is heard on it ends a silence."""
        if not self._connecting and self.since is None:
            self._heard_at = time.monotonic()
        self._connecting, self._beats = True, False

    def heard(self, event: EngineEvent | None = None) -> None:
        """The engine said something."""
        self._heard_at = time.monotonic()
        if event is None or event.noun != "system":
            return
        self._connecting = False
        # An engine of an earlier version has no heartbeats: none are missed then.
        self._beats = self._beats or event.action == "heartbeat"

    @contextmanager
    def asking(self) -> Iterator[None]:
        """It is asked something within the block."""
        self._asked_at = time.monotonic()
        try:
            yield
        finally:
            self._asked_at = None

    def look(self) -> bool:
        """Bring `since` up to date. Out: whether pages have to hear of it."""
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
        due = [self._heard_at] if self._beats or self._connecting else []
        if self._asked_at is not None:
            due.append(self._asked_at)
        return now - min(due, default=now)

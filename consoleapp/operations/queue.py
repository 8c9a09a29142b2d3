"""Decide which operation may run now: lanes, limits, one per target, fair between accounts.

The numbers fit a worker with 32 threads: 30 for operations, two to claim and to cancel. Urgent
operations wait for no others and have their own, limited room.
"""

import logging
from collections import Counter
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from consoleapp.accounts.models import Host
from consoleapp.operations.models import Operation
from consoleapp.operations.states import WAITING, State, move
from engine.schema.parameters import Lane

URGENT = "urgent"
PER_ACCOUNT: dict[str, int] = {Lane.SLOW: 3, Lane.QUICK: 8, URGENT: 2}
IN_ALL: dict[str, int] = {Lane.SLOW: 14, Lane.QUICK: 12, URGENT: 4}
KEPT: dict[str, int] = {Lane.SLOW: 3, Lane.QUICK: 3, URGENT: 1}
"""Reserved for accounts without a running operation, so a few hung engines cannot stop the rest."""
LEASE = timedelta(seconds=30)
# More candidates than free slots, since some wait for the same target.
_LOOK_AHEAD = 8
logger = logging.getLogger(__name__)


class Slot(NamedTuple):
    """What an operation occupies while it runs."""

    account: int
    lane: str
    kind: str
    target: str
    urgent: bool

    @property
    def lock_key(self) -> tuple[int, str, str] | None:
        """Return the object that only one operation at a time may change; None: none, or urgent."""
        if self.urgent or not self.target:
            return None
        return self.account, self.kind.split(".")[0], self.target

    @property
    def room(self) -> str:
        """Return the lane, or the room for urgent ones."""
        return URGENT if self.urgent else self.lane


class Load:
    """The running operations of a host."""

    def __init__(self, running: list[Slot]) -> None:
        self._in_all: Counter[str] = Counter()
        self._by_account: Counter[tuple[int, str]] = Counter()
        self._lock_keys: set[tuple[int, str, str]] = set()
        for slot in running:
            self.add(slot)

    def add(self, slot: Slot) -> None:
        """Count one more."""
        self._in_all[slot.room] += 1
        self._by_account[slot.account, slot.room] += 1
        if slot.lock_key:
            self._lock_keys.add(slot.lock_key)

    def room(self, account: int, lane: str) -> int:
        """Return how many more operations of `account` the lane accepts."""
        free = IN_ALL[lane] - self._in_all[lane]
        if self._by_account[account, lane]:
            free -= KEPT[lane]
        return max(0, min(free, PER_ACCOUNT[lane] - self._by_account[account, lane]))

    def takes(self, slot: Slot) -> bool:
        """Return whether one more may run now."""
        return slot.lock_key not in self._lock_keys and self.room(slot.account, slot.room) > 0

    def of(self, account: int) -> int:
        """Return how many operations of `account` are running."""
        return sum(self._by_account[account, lane] for lane in PER_ACCOUNT)


class Claim(NamedTuple):
    """A running row, with the fence and lease of its claimant."""

    operation: Operation
    resumed: bool
    """Another worker started it and died. The engine may be running it."""


def claim(operation_id: UUID, worker: str) -> Claim | None:
    """Claim a waiting operation for `worker`.

    Returns None if it does not wait (any more), belongs to another host, or its turn has not come.
    In that case, the end of another operation or the sweeper sends it again.
    """
    with transaction.atomic():
        operation = (
            Operation.objects.select_related("account__host", "requested_by", "token")
            .filter(pk=operation_id, state__in=WAITING, account__host__name=settings.BERTH_HOST)
            .first()
        )
        if operation is None:
            logger.info("ignored a message about %s: no such operation waits here", operation_id)
            return None
        _one_at_a_time(operation.account.host)
        slot = _slot(operation)
        if not _load(operation.account.host).takes(slot) or _has_elder(operation, slot):
            return None
        lease_until = timezone.now() + LEASE
        resumed = operation.started_at is not None
        if move(operation, State.RUNNING, after=WAITING, worker=worker, lease_until=lease_until):
            return Claim(operation, resumed)
        return None


def next_ones(host: Host, *, idle_since: datetime | None = None) -> list[UUID]:
    """Return the waiting operations that would get a slot now, taking turns between accounts.

    With `idle_since`, only those that the broker has not received since then. A timestamp in the
    future is from before the clock was set back and means nothing.
    """
    waiting = Operation.objects.filter(account__host=host, state__in=WAITING, ended_at=None)
    if idle_since:
        now = timezone.now()
        due = Q(queued_at__lt=idle_since) | Q(queued_at__gt=now) | Q(queued_at=None)
        waiting = waiting.filter(due)
        waiting = waiting.filter(Q(requested_at__lt=idle_since) | Q(requested_at__gt=now))
    accounts = list(waiting.values_list("account_id", flat=True).distinct())
    if not accounts:
        return []
    load = _load(host)
    accounts.sort(key=load.of)
    queues = {account: _candidates(waiting, account, load) for account in accounts}
    chosen: list[UUID] = []
    while any(queues.values()):
        for account in accounts:
            while queues[account]:
                operation_id, slot = queues[account].pop(0)
                if load.takes(slot):
                    load.add(slot)
                    chosen.append(operation_id)
                    break
    return chosen


def _candidates(waiting: QuerySet[Operation], account: int, load: Load) -> list[tuple[UUID, Slot]]:
    found: list[tuple[UUID, Slot]] = []
    mine = waiting.filter(account_id=account).order_by("requested_at")
    rooms = {URGENT: mine.filter(urgent=True)}
    rooms |= {lane: mine.filter(urgent=False, lane=lane) for lane in Lane}
    for name, rows in rooms.items():
        if room := load.room(account, name):
            fields = rows.values_list("id", "account_id", "lane", "kind", "target", "urgent")
            found += [(row[0], Slot(*row[1:])) for row in fields[: room + _LOOK_AHEAD]]
    return found


def _load(host: Host) -> Load:
    running = Operation.objects.filter(state=State.RUNNING, ended_at=None, account__host=host)
    fields = running.values_list("account_id", "lane", "kind", "target", "urgent")
    return Load([Slot(*row) for row in fields])


def _slot(operation: Operation) -> Slot:
    return Slot(
        operation.account_id, operation.lane, operation.kind, operation.target, operation.urgent
    )


def _has_elder(operation: Operation, slot: Slot) -> bool:
    """Return whether an earlier operation waits for the same object."""
    if not slot.lock_key:
        return False
    return Operation.objects.filter(
        account_id=operation.account_id,
        state__in=WAITING,
        ended_at=None,
        urgent=False,
        target=operation.target,
        kind__startswith=operation.kind.split(".")[0] + ".",
        requested_at__lt=operation.requested_at,
    ).exists()


def _one_at_a_time(host: Host) -> None:
    """Serialize claims on a host. SQLite does so anyway, with IMMEDIATE transactions."""
    if connection.features.has_select_for_update:
        Host.objects.select_for_update().get(pk=host.pk)

"""Find a container's row in the account's snapshot by the name or id in an address."""

from dataclasses import dataclass
from datetime import datetime

from consoleapp.accounts.models import LinuxAccount
from consoleapp.operations.models import Operation
from consoleapp.snapshots import reader
from engine.schema.snapshot import ContainerRow, Snapshot

_SHORTEST_ID = 4


@dataclass(frozen=True)
class Found:
    """What is known about a requested container.

    `row` is None if the container is not in the snapshot. `snapshot` is None if nothing is known
    about the account yet; `error` says why.
    """

    row: ContainerRow | None
    snapshot: Snapshot | None
    live: bool
    age: float | None
    error: str


def look_up(account: LinuxAccount, container: str) -> Found:
    """Return the container with this name or id. Waits briefly for one that was just created."""
    reader.watch(account)
    known = reader.load(account)
    row = among(known.snapshot.containers, container) if known and known.snapshot else None
    if row is None and not (known and known.error):
        known = reader.fresh_sync(account, not_before=_last_change(account))
        row = among(known.snapshot.containers, container) if known and known.snapshot else None
    if known is None or known.snapshot is None:
        return Found(None, None, False, None, known.error if known else "")
    return Found(row, known.snapshot, known.live, known.age, known.error)


def among(rows: list[ContainerRow], container: str) -> ContainerRow | None:
    """Return the row with this name or id, or the only one whose id starts with it."""
    for row in rows:
        if container in (row.name, row.id):
            return row
    if len(container) < _SHORTEST_ID:
        return None
    matches = [row for row in rows if row.id.startswith(container)]
    return matches[0] if len(matches) == 1 else None


def _last_change(account: LinuxAccount) -> datetime | None:
    return (
        Operation.objects.filter(account=account, ended_at__isnull=False)
        .order_by("-ended_at")
        .values_list("ended_at", flat=True)
        .first()
    )

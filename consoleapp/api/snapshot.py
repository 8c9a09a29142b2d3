"""The snapshot for lists: at least as recent as the account's last ended operation."""

from dataclasses import dataclass

from consoleapp.accounts.models import LinuxAccount
from consoleapp.api.problems import Problem
from consoleapp.operations.models import Operation
from consoleapp.snapshots import reader
from engine.schema.snapshot import Snapshot


@dataclass(frozen=True)
class Current(reader.AccountSnapshot):
    """A snapshot that there is."""

    snapshot: Snapshot


def current(account: LinuxAccount) -> Current:
    """Return the snapshot. Waits briefly for the changes of an operation that has just ended.

    Raises Problem (503) with the reason if there is nothing to show.
    """
    ended = (
        Operation.objects.filter(account=account, ended_at__isnull=False)
        .order_by("-ended_at")
        .values_list("ended_at", flat=True)
        .first()
    )
    known = reader.fresh_sync(account, not_before=ended)
    if known is None or known.snapshot is None:
        reason = known.error if known else ""
        raise Problem(503, reason or f"The engine of {account.key} does not answer.")
    return Current(
        known.snapshot, known.version, known.live, known.error, known.taken, known.silent
    )

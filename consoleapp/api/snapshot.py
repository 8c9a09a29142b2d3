"""The snapshot that lists answer from: never older than the account's last ended operation."""

from consoleapp.accounts.models import LinuxAccount
from consoleapp.api.problems import Problem
from consoleapp.operations.models import Operation
from consoleapp.snapshots import reader


def current(account: LinuxAccount) -> reader.AccountSnapshot:
    """What is known of the account; waits briefly for what an operation has just changed.

    Raises Problem (503) where there is nothing to show, with the reason.
    """
    ended = (
        Operation.objects.filter(account=account, ended_at__isnull=False)
        .order_by("-ended_at")
        .values_list("ended_at", flat=True)
        .first()
    )
    seen = reader.fresh_sync(account, not_before=ended)
    if seen is None or seen.snapshot is None:
        reason = seen.error if seen else ""
        raise Problem(503, reason or f"The engine of {account.key} does not answer.")
    return seen

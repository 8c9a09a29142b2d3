"""Count containers that running operations will create, for policies that limit their number.

A claim is a reservation. Claims on a host are serialized by its lock, so of two simultaneous
launches one was claimed first. Each counts those before it, and no two use the same free slot.
"""

from django.db.models import Q
from pydantic import ValidationError

from consoleapp.operations.models import Operation
from consoleapp.operations.states import State
from consoleapp.snapshots import reader
from engine.policy import requests as r
from engine.policy.extract import requests_of
from engine.schema.containers import OPERATION_LABEL
from engine.schema.kinds import UnknownKind, parse


def ahead_of(operation: Operation) -> int:
    """Return how many containers earlier-claimed operations will add to the account's snapshot.

    Waits for a snapshot that includes every ended operation.
    """
    if operation.started_at is None:
        return 0
    known = reader.fresh_sync(operation.account, operation.started_at)
    shown = set()
    if known.snapshot:
        shown = {row.labels.get(OPERATION_LABEL) for row in known.snapshot.containers}
    before = Q(started_at__lt=operation.started_at)
    before |= Q(started_at=operation.started_at, pk__lt=operation.pk)
    unfinished = Q(state=State.RUNNING)
    if known.taken:
        unfinished |= Q(state=State.SUCCEEDED, ended_at__gte=known.taken)
    rows = Operation.objects.filter(before, unfinished, account=operation.account_id)
    return sum(_makes(row) for row in rows if str(row.pk) not in shown)


def _makes(operation: Operation) -> int:
    try:
        requests = requests_of(parse(operation.kind, operation.parameters))
    except (UnknownKind, ValidationError):
        return 0
    return sum(each.count for each in requests if isinstance(each, r.OneMore))

"""Walk the whole chain once, with constant memory, and report every fault and its place."""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from django.db.models import Exists, OuterRef, QuerySet

from consoleapp.audit import keys, prune
from consoleapp.audit.chain import BEGINNING, FIELDS, form, link_hash, moment
from consoleapp.audit.checkpoints import CheckpointLine, line_of, signed_bytes
from consoleapp.audit.models import Checkpoint, Event, Link, Pending, Pruning

AT_ONCE = 2000
LATE = timedelta(minutes=10)


@dataclass
class Report:
    """The result of a verification: up to `most` faults as sentences. `count` counts them all."""

    links: int = 0
    pending: int = 0
    """Events that are not chained yet."""
    checkpoints: int = 0
    unsigned: int = 0
    """Links after the last checkpoint."""
    late: int = 0
    """Events that were chained more than LATE after their own time."""
    pruned: int = 0
    gaps: int = 0
    """Places where lines of an export are not adjacent in the chain."""
    recordings: int = 0
    """Recordings of terminals whose digests were compared."""
    count: int = 0
    last: str = ""
    """The hash of the last link."""
    faults: list[str] = field(default_factory=list)
    most: int = 100

    def add(self, fault: str) -> None:
        """Add one fault."""
        self.count += 1
        if len(self.faults) < self.most:
            self.faults.append(fault)


def verify(
    trusted: dict[str, Ed25519PublicKey], kept_copies: list[CheckpointLine | str] | None = None
) -> Report:
    """Verify everything against signatures by `trusted` keys and checkpoints kept `elsewhere`."""
    report = Report()
    seq, previous = _after_pruning(trusted, report)
    checkpoints = _checkpoints(trusted, kept_copies or [], report, pruned=seq)
    signed = max((checkpoint.seq for checkpoint in checkpoints), default=seq)
    seq = walk(seq, previous, checkpoints, report)
    report.unsigned = max(0, seq - signed)
    for checkpoint in checkpoints:
        report.add(
            f"The chain ends with link {seq}, but {_place(checkpoint)} signed link "
            f"{checkpoint.seq}: its tail was cut off."
        )
    _unchained(report)
    return report


def _after_pruning(trusted: dict[str, Ed25519PublicKey], report: Report) -> tuple[int, bytes]:
    """Return where the chain starts: after what signed summaries say was removed."""
    seq, previous = 0, BEGINNING
    for pruning in Pruning.objects.order_by("seq"):
        if not keys.is_signed(trusted, pruning.key, pruning.signature, prune.signed_bytes(pruning)):
            report.add(
                f"The summary of the pruning up to link {pruning.seq} is not signed by a known key "
                f"(key {pruning.key})."
            )
        if pruning.first_seq != seq + 1:
            report.add(
                f"The summary of the pruning up to link {pruning.seq} begins with link "
                f"{pruning.first_seq}, not {seq + 1}: a summary before it was removed."
            )
        seq, previous = pruning.seq, bytes(pruning.hash)
    report.pruned = seq
    return seq, previous


def _checkpoints(
    trusted: dict[str, Ed25519PublicKey],
    kept_copies: list[CheckpointLine | str],
    report: Report,
    *,
    pruned: int,
) -> "deque[CheckpointLine]":
    """Return the checkpoints to meet, by link. Those before the pruned part are only checked."""
    found: list[CheckpointLine] = []
    for number, checkpoint in enumerate(Checkpoint.objects.order_by("number"), 1):
        line = line_of(checkpoint)
        if line.number != number:
            report.add(f"Checkpoint {number} was removed: after {number - 1} comes {line.number}.")
            _check_rest(trusted, number, found, report)
            break
        _check(trusted, line, report, found)
    known = {(line.number, line.signature) for line in found}
    for each in kept_copies:
        if isinstance(each, str):
            report.add(f"Of the checkpoints kept elsewhere: {each}.")
        elif (each.number, each.signature) not in known:
            report.add(f"{_place(each)} is kept elsewhere, but not in the database.")
            _check(trusted, each, report, found)
    report.checkpoints = len(found)
    later = (line for line in found if line.seq > pruned)
    return deque(sorted(later, key=lambda line: (line.seq, line.number)))


def _check_rest(
    trusted: dict[str, Ed25519PublicKey], number: int, found: list[CheckpointLine], report: Report
) -> None:
    for checkpoint in Checkpoint.objects.filter(number__gt=number - 1).order_by("number"):
        _check(trusted, line_of(checkpoint), report, found)


def _check(
    trusted: dict[str, Ed25519PublicKey],
    line: CheckpointLine,
    report: Report,
    found: list[CheckpointLine],
) -> None:
    if keys.is_signed(trusted, line.key, line.signature, signed_bytes(line)):
        found.append(line)
    else:
        report.add(f"{_place(line)} is not signed by a known key (key {line.key}).")


def walk(seq: int, previous: bytes, checkpoints: "deque[CheckpointLine]", report: Report) -> int:
    """Recompute the links after `seq`, whose hash is `previous`. Return the last number.

    Removes the checkpoints that it met.
    """
    for found, chained, stored, event in _links(seq):
        seq += 1
        if found != seq:
            report.add(
                f"Links {seq} to {found - 1} are missing."
                if found - 1 > seq
                else f"Link {seq} is missing."
            )
            seq = found
        report.links += 1
        if event is None:
            report.add(f"The event of link {seq} was removed.")
        else:
            hashed = link_hash(form(event), seq=seq, previous=previous, chained=chained)
            report.late += chained - event[1] > LATE
            if hashed != stored:
                report.add(
                    f"Link {seq} does not fit event {event[0]} ({moment(event[1])}) and the link "
                    f"before: one of them was changed."
                )
        previous = stored
        while checkpoints and checkpoints[0].seq <= seq:
            checkpoint = checkpoints.popleft()
            if checkpoint.seq == seq and checkpoint.hash != stored.hex():
                report.add(f"{_place(checkpoint)} signed another hash of link {seq}.")
    report.last = previous.hex()
    return seq


def _links(after: int) -> Iterator[tuple[int, datetime, bytes, tuple[Any, ...] | None]]:
    """Yield (seq, chained, hash, the event's FIELDS or None) in order, reading pages of links."""
    while True:
        rows = list(
            Link.objects.filter(seq__gt=after)
            .order_by("seq")
            .values_list("seq", "at", "hash", "event_id")[:AT_ONCE]
        )
        if not rows:
            return
        events = {
            values[0]: values
            for values in Event.objects.filter(pk__in=[row[3] for row in rows]).values_list(*FIELDS)
        }
        for seq, at, stored, event in rows:
            yield seq, at, bytes(stored), events.get(event)
        after = rows[-1][0]


def _unchained(report: Report) -> None:
    """Report events that are neither chained nor pending: somebody else inserted them."""
    report.pending = Pending.objects.count()
    link = Link.objects.filter(event_id=OuterRef("pk"))
    waits = Pending.objects.filter(event_id=OuterRef("pk"))
    strange: QuerySet[Event] = Event.objects.filter(~Exists(link), ~Exists(waits))
    for pk in strange.order_by("pk").values_list("pk", flat=True).iterator():
        report.add(f"Event {pk} is not in the chain: it was inserted past it.")
    lost = Pending.objects.filter(~Exists(Event.objects.filter(pk=OuterRef("event_id"))))
    for pk in lost.values_list("event_id", flat=True):
        report.add(f"Event {pk} was removed before it was chained.")


def _place(checkpoint: CheckpointLine) -> str:
    return f"Checkpoint {checkpoint.number} of {checkpoint.at}"

"""Verify recordings: compare files and rows with the digests in the audit log."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

from django.db.models import Max

from consoleapp.audit.models import Event, Pruning
from consoleapp.audit.verify import Report
from consoleapp.recordings import storage
from consoleapp.recordings.models import Recording


def verify(report: Report) -> int:
    """Add all faults to `report`. Return the number of recordings checked.

    The events are trusted, since their chain is verified separately; rows and files are not.
    Sessions start and end in the meantime, so whatever seems to be missing is looked for once more.
    """
    rows = {str(key) for key in Recording.objects.values_list("key", flat=True)}
    there = rows | set(storage.keys())
    begun = _recorded_events("recording.begun")
    ended = _recorded_events("recording.ended")
    pruned = {key for facts in _facts("recording.pruned") for key in facts["recordings"]}
    for key in ended.keys() - pruned:
        for fault in _faults(key, ended[key]):
            report.add(fault)
    for key in sorted(begun.keys() - ended.keys() - pruned):
        _check_open(key, report)
    for key in sorted(there - begun.keys() - ended.keys() - pruned):
        if not _recorded_events("recording.begun", key) and not _outlives_its_event(key):
            report.add(f"Recording {key} is not in the audit log: somebody else put it there.")
    return len((ended.keys() | begun.keys()) - pruned)


def _faults(key: str, facts: dict[str, Any]) -> Iterator[str]:
    found = storage.digest(UUID(key))
    row = Recording.objects.filter(key=key).first()
    if (found is None or row is None) and _is_pruned(key):
        return
    if found is None:
        yield f"The file of recording {key} was removed."
    elif found != (facts["size"], facts["sha256"]):
        yield f"The file of recording {key} was changed: its digest is not that of the audit log."
    if row is None:
        yield f"The row of recording {key} was removed."
    elif (row.size, row.sha256) != (facts["size"], facts["sha256"]):
        yield f"The row of recording {key} was changed: it names another digest."


def _check_open(key: str, report: Report) -> None:
    """Check a session that had not ended when the events were read."""
    if not Recording.objects.filter(key=key, ended_at=None).exists():
        if not _recorded_events("recording.ended", key):
            report.add(f"Recording {key} was begun, and there is no trace of its end.")
    elif not storage.file_of(UUID(key)).exists():
        report.add(f"Recording {key} goes on, and its file was removed.")


def _outlives_its_event(key: str) -> bool:
    """Return whether it is an open session whose first event retention has removed."""
    dropped = Pruning.objects.aggregate(before=Max("before"))["before"]
    going_on = Recording.objects.filter(key=key, ended_at=None)
    return dropped is not None and going_on.filter(begun_at__lt=dropped).exists()


def _recorded_events(action: str, key: str = "") -> dict[str, dict[str, Any]]:
    """Return the events' content by recording; only of one if `key` is given."""
    events = _facts(action, **({"parameters__recording": key} if key else {}))
    return {str(facts["recording"]): facts for facts in events}


def _is_pruned(key: str) -> bool:
    return any(key in facts["recordings"] for facts in _facts("recording.pruned"))


def _facts(action: str, **more: str) -> Iterator[dict[str, Any]]:
    events = Event.objects.filter(action=action, **more).order_by("pk")
    for facts in events.values_list("parameters", flat=True).iterator():
        yield facts or {}

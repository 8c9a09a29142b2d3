"""Whether recordings are as they were made: files and rows against the digests in the audit log."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

from consoleapp.audit.models import Event
from consoleapp.audit.verify import Report
from consoleapp.recordings import place
from consoleapp.recordings.models import Recording


def verify(report: Report) -> int:
    """Add what is wrong to `report`; how many recordings were looked at.

    The events are believed, as their chain is verified besides; rows and files are not.
    """
    pruned = {key for facts in _facts("recording.pruned") for key in facts.get("recordings", [])}
    known: set[str] = set()
    looked = 0
    for facts in _facts("recording.ended"):
        key = str(facts.get("recording"))
        if key in pruned:
            continue
        known.add(key)
        looked += 1
        for fault in _faults(key, facts):
            report.add(fault)
    for facts in _facts("recording.begun"):
        key = str(facts.get("recording"))
        if key not in known and key not in pruned:
            known.add(key)
            if not Recording.objects.filter(key=key, ended_at=None).exists():
                report.add(f"Recording {key} was begun, and there is no trace of its end.")
            elif not place.file_of(UUID(key)).exists():
                report.add(f"Recording {key} goes on, and its file was removed.")
    _strangers(known, report)
    return looked


def _faults(key: str, facts: dict[str, Any]) -> Iterator[str]:
    found = place.digest(UUID(key))
    if found is None:
        if facts["sha256"]:
            yield f"The file of recording {key} was removed."
    elif found != (facts["size"], facts["sha256"]):
        yield f"The file of recording {key} was changed: its digest is not that of the audit log."
    row = Recording.objects.filter(key=key).first()
    if row is None:
        yield f"The row of recording {key} was removed."
    elif (row.size, row.sha256) != (facts["size"], facts["sha256"]):
        yield f"The row of recording {key} was changed: it names another digest."


def _strangers(known: set[str], report: Report) -> None:
    rows = (str(key) for key in Recording.objects.values_list("key", flat=True).iterator())
    for name in sorted({*rows, *place.keys()} - known):
        report.add(f"Recording {name} is not in the audit log: somebody else put it there.")


def _facts(action: str) -> Iterator[dict[str, Any]]:
    events = Event.objects.filter(action=action).order_by("pk")
    for facts in events.values_list("parameters", flat=True).iterator():
        yield facts or {}

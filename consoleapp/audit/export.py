"""Exports of the audit log, and their verification without the database.

Each line has the event in the hashed form, its place in the chain, the previous hash and its own,
and the checkpoint if one was signed at this link. A line verifies against its hash. Consecutive
lines prove that nothing is missing between them. A checkpoint proves everything before it.
"""

import csv
import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, TextIO

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from pydantic import ValidationError

from consoleapp.audit import keys
from consoleapp.audit.chain import BEGINNING, FIELDS, form_of, hash_of, moment
from consoleapp.audit.checkpoints import CheckpointLine, line_of, signed_bytes
from consoleapp.audit.models import Checkpoint, Event, Link, Pruning
from consoleapp.audit.verify import Report

LINK = ("seq", "chained", "previous", "hash", "checkpoint")
COLUMNS = (*FIELDS, *LINK)
# A spreadsheet treats a cell that starts like this as a formula. The apostrophe is included so that
# an added one can be removed again.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "'")


def lines(events: list[Event]) -> Iterator[dict[str, Any]]:
    """Yield `events` with their links; null for an event that is not chained yet."""
    links = {link.event_id: link for link in Link.objects.filter(event__in=events)}
    before = [link.seq - 1 for link in links.values()]
    hashes = dict(Link.objects.filter(seq__in=before).values_list("seq", "hash"))
    hashes |= dict(Pruning.objects.filter(seq__in=before).values_list("seq", "hash"))
    seqs = [link.seq for link in links.values()]
    checkpoints = {
        checkpoint.seq: line_of(checkpoint)
        for checkpoint in Checkpoint.objects.filter(seq__in=seqs)
    }
    for event in events:
        link = links.get(event.pk)
        yield form_of(event) | _seal(link, hashes, checkpoints)


def harmless(cell: str) -> str:
    """Return `cell` so that no spreadsheet evaluates it."""
    return f"'{cell}" if cell.startswith(_FORMULA) else cell


def cells(line: dict[str, Any]) -> list[str]:
    """Return a line for a spreadsheet."""
    return [harmless(_cell(line[name])) for name in COLUMNS]


def read(file: TextIO) -> Iterator[dict[str, Any]]:
    """Yield the lines of an export, CSV or JSON lines. Raises ValueError for anything else."""
    first = file.readline()
    file.seek(0)
    if first.startswith("{"):
        for line in file:
            yield json.loads(line)
        return
    reader = csv.DictReader(file)
    if tuple(reader.fieldnames or ()) != COLUMNS:
        raise ValueError("This is no export of Berth's audit log.")
    for row in reader:
        yield {name: _value(name, (cell or "").removeprefix("'")) for name, cell in row.items()}


def verify_export(found: Iterable[dict[str, Any]], trusted: dict[str, Ed25519PublicKey]) -> Report:
    """Verify the lines of an export, in any order."""
    report = Report()
    neighbour: dict[str, Any] | None = None
    for number, line in enumerate(found, 1):
        if line.get("seq") is None:
            report.pending += 1
            continue
        report.links += 1
        event = {name: line.get(name) for name in FIELDS}
        link: dict[str, Any] = {name: line.get(name) for name in ("seq", "previous", "chained")}
        if hash_of(event, **link).hex() != line.get("hash"):
            report.add(f"Line {number} (event {line.get('id')}) does not fit its hash.")
        if neighbour and abs(neighbour["seq"] - line["seq"]) == 1:
            older, newer = sorted((neighbour, line), key=lambda each: each["seq"])
            if newer["previous"] != older["hash"]:
                report.add(f"Line {number} does not fit the line before: the chain is broken.")
        elif neighbour:
            report.gaps += 1
        if line.get("checkpoint"):
            _check_checkpoint(number, line, trusted, report)
        neighbour = line
    return report


def _check_checkpoint(
    number: int, line: dict[str, Any], trusted: dict[str, Ed25519PublicKey], report: Report
) -> None:
    report.checkpoints += 1
    try:
        checkpoint = CheckpointLine.model_validate(line["checkpoint"])
    except ValidationError:
        report.add(f"Line {number} has a checkpoint that is none.")
        return
    if (checkpoint.seq, checkpoint.hash) != (line["seq"], line["hash"]):
        report.add(f"Line {number} has the checkpoint of another link.")
    elif not keys.is_signed(
        trusted, checkpoint.key, checkpoint.signature, signed_bytes(checkpoint)
    ):
        report.add(
            f"The checkpoint in line {number} is not signed by a known key (key {checkpoint.key})."
        )


def _seal(
    link: Link | None,
    hashes: Mapping[int, bytes | memoryview],
    checkpoints: dict[int, CheckpointLine],
) -> dict[str, Any]:
    if link is None:
        return dict.fromkeys(LINK)
    checkpoint = checkpoints.get(link.seq)
    return {
        "seq": link.seq,
        "chained": moment(link.at),
        "previous": bytes(hashes.get(link.seq - 1, BEGINNING)).hex(),
        "hash": link.hex,
        "checkpoint": checkpoint.model_dump() if checkpoint else None,
    }


_STRUCTURED = ("parameters", "checkpoint")
_NUMBERS = ("id", "actor_id", "account_id", "seq")


def _cell(value: Any) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _value(name: str, cell: str) -> Any:
    if name in _STRUCTURED or name in _NUMBERS:
        return json.loads(cell) if cell else None
    return None if not cell and name in ("operation", *LINK) else cell

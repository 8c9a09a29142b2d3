"""Checkpoints: signed statements of the chain's length and hash at a given time.

A checkpoint covers everything that was chained before it. In the database, it reveals changes.
Written to a file (`BERTH_AUDIT_CHECKPOINTS`) or sent to syslog, it also reveals that the end of the
chain was cut off together with its checkpoints, as long as the attacker cannot reach that place.
"""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.utils import timezone
from pydantic import BaseModel, ValidationError

from consoleapp.audit import keys
from consoleapp.audit.chain import canonical, moment
from consoleapp.audit.models import Checkpoint, Link

EVERY = timedelta(seconds=30)


class CheckpointLine(BaseModel, frozen=True):
    """A checkpoint as the file and syslog contain it."""

    number: int
    seq: int
    hash: str
    at: str
    key: str
    signature: str


def sign_checkpoint(*, at_once: bool = False) -> Checkpoint | None:
    """Sign the end of the chain, unless nothing is new or (not `at_once`) it was just signed.

    Raises keys.BadKey, and OSError if the file of checkpoints cannot be written.
    """
    last = Checkpoint.objects.order_by("-number").first()
    end = Link.objects.order_by("-seq").first()
    now = timezone.now()
    if end is None or (last and (last.seq >= end.seq or (not at_once and now - last.at < EVERY))):
        return None
    key = keys.signing_key()
    checkpoint = Checkpoint(
        number=last.number + 1 if last else 1,
        seq=end.seq,
        hash=bytes(end.hash),
        at=now,
        key=keys.name_of(key.public_key()),
    )
    checkpoint.signature = keys.sign(key, signed_bytes(line_of(checkpoint)))
    checkpoint.save(force_insert=True)
    _write_out(checkpoint)
    return checkpoint


def is_unsigned() -> bool:
    """Return whether the end of the chain is newer than the last checkpoint."""
    last = Checkpoint.objects.order_by("-number").values_list("seq", flat=True).first() or 0
    return Link.objects.filter(seq__gt=last).exists()


def line_of(checkpoint: Checkpoint) -> CheckpointLine:
    """Return the checkpoint as it is sent elsewhere."""
    return CheckpointLine(
        number=checkpoint.number,
        seq=checkpoint.seq,
        hash=bytes(checkpoint.hash).hex(),
        at=moment(checkpoint.at),
        key=checkpoint.key,
        signature=checkpoint.signature,
    )


def signed_bytes(line: CheckpointLine) -> bytes:
    """Return the bytes that a checkpoint's signature covers."""
    return statement("checkpoint", line.model_dump(exclude={"key", "signature"}))


def statement(what: str, facts: dict[str, Any]) -> bytes:
    """Return the bytes to sign. `what` keeps one kind of statement from passing for another."""
    return canonical({"v": 1, "what": f"berth audit {what}"} | facts)


def read_checkpoints(file: Path) -> list[CheckpointLine | str]:
    """Return the checkpoints in `file`, and errors in place of invalid lines. Raises OSError."""
    found: list[CheckpointLine | str] = []
    for number, line in enumerate(file.read_text(errors="replace").splitlines(), 1):
        try:
            found.append(CheckpointLine.model_validate_json(line))
        except ValidationError:
            found.append(f"line {number} of {file} is not a checkpoint")
    return found


def _write_out(checkpoint: Checkpoint) -> None:
    if settings.BERTH_AUDIT_CHECKPOINTS:
        with Path(settings.BERTH_AUDIT_CHECKPOINTS).open("a") as file:
            file.write(json.dumps(line_of(checkpoint).model_dump()) + "\n")

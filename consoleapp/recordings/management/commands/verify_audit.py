"""manage.py verify_audit: verify that the audit log is unchanged."""

import time
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from consoleapp.audit import checkpoints, export, keys
from consoleapp.audit.record import record
from consoleapp.audit.verify import Report, verify
from consoleapp.core.actor import Actor
from consoleapp.recordings import verify as recordings


class Command(BaseCommand):
    """Exits with status 0 if all is well, 1 otherwise, and prints a line for each fault."""

    help = "Verify the chain of audit events, its checkpoints, and checkpoints kept elsewhere."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--checkpoints",
            type=Path,
            help="a file of checkpoints kept elsewhere (default: BERTH_AUDIT_CHECKPOINTS)",
        )
        parser.add_argument(
            "--key",
            type=Path,
            action="append",
            default=[],
            help="an additional public key to trust",
        )
        parser.add_argument(
            "--export", type=Path, help="verify this export instead of the database"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        began = time.monotonic()
        try:
            trusted = _trusted(options["key"])
            if options["export"]:
                report = _export(options["export"], trusted)
            else:
                report = verify(trusted, _kept_copies(options["checkpoints"]))
                report.recordings = recordings.verify(report)
        except (OSError, ValueError, keys.BadKey) as error:
            raise CommandError(str(error)) from error
        seconds = max(time.monotonic() - began, 0.001)
        for fault in report.faults:
            self.stdout.write(fault)
        if report.count > len(report.faults):
            self.stdout.write(f"… and {report.count - len(report.faults)} more.")
        self.stdout.write(
            f"{report.links} links, {report.checkpoints} signed checkpoints, "
            f"{report.unsigned} links after the last checkpoint, "
            f"{report.pending} events not chained yet, {report.pruned} pruned, "
            f"{report.late} chained late, {report.gaps} gaps, {report.recordings} recordings; "
            f"{report.links / seconds:.0f} links a second."
        )
        if not options["export"]:
            _remember(report)
        if report.count:
            raise CommandError(f"{report.count} faults: the history was tampered with.")
        self.stdout.write("The history is whole.")


def _trusted(files: list[Path]) -> dict[str, Ed25519PublicKey]:
    own = keys.own_public_key()
    found = [keys.public_key(file) for file in files] + ([own] if own else [])
    return {keys.name_of(key): key for key in found}


def _kept_copies(given: Path | None) -> list[checkpoints.CheckpointLine | str]:
    if given:
        return checkpoints.read_checkpoints(given)
    kept = Path(settings.BERTH_AUDIT_CHECKPOINTS) if settings.BERTH_AUDIT_CHECKPOINTS else None
    return checkpoints.read_checkpoints(kept) if kept and kept.exists() else []


def _export(file: Path, trusted: dict[str, Ed25519PublicKey]) -> Report:
    with file.open(newline="") as lines:
        return export.verify_export(export.read(lines), trusted)


def _remember(report: Report) -> None:
    """Audit the verification, so that the audit page shows when the last one was."""
    record(
        "audit.verified",
        actor=Actor(user=None),
        outcome="failed" if report.count else "succeeded",
        detail=" ".join(report.faults[:3]),
        parameters={
            "links": report.links,
            "faults": report.count,
            "checkpoints": report.checkpoints,
        },
    )

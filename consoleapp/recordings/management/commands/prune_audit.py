"""manage.py prune_audit: retention of the audit log."""

from argparse import ArgumentParser
from datetime import date, datetime, time
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from consoleapp.audit.keys import BadKey
from consoleapp.audit.prune import prune
from consoleapp.core.actor import Actor
from consoleapp.recordings import retention as recordings


class Command(BaseCommand):
    """Removes what is older than a day, and adds a signed summary of it to the chain."""

    help = (
        "Drop audit events and recorded terminals before a date; a signed summary of the events "
        "stays, and the chain verifies."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--before", type=date.fromisoformat, required=True, metavar="YYYY-MM-DD"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        before = timezone.make_aware(datetime.combine(options["before"], time.min))
        if before > timezone.now():
            raise CommandError("--before must be a day that has begun.")
        try:
            removed = recordings.prune(before, actor=Actor(user=None))
            dropped = prune(before, actor=Actor(user=None))
        except BadKey as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"{dropped} events dropped, {removed} recordings removed.")

"""manage.py prune_recordings: retention of recorded terminal sessions."""

from argparse import ArgumentParser
from datetime import date, datetime, time
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from consoleapp.core.actor import Actor
from consoleapp.recordings.retention import prune


class Command(BaseCommand):
    """Removes recordings of sessions that ended before a day; the audit log lists them."""

    help = "Remove recordings of terminal sessions that ended before a date."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--before", type=date.fromisoformat, required=True, metavar="YYYY-MM-DD"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        before = timezone.make_aware(datetime.combine(options["before"], time.min))
        if before > timezone.now():
            raise CommandError("--before must be a day that has begun.")
        self.stdout.write(f"{prune(before, actor=Actor(user=None))} recordings removed.")

"""manage.py observe: run the host's observer."""

import asyncio
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from consoleapp.observer.observer import AnotherOne, observe


class Command(BaseCommand):
    """Runs until SIGTERM."""

    help = "Follow the accounts of this host, answer relayed queries, and recover from crashes."
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            asyncio.run(observe())
        except AnotherOne as error:
            raise CommandError(str(error)) from error

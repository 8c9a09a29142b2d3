"""manage.py observe: follows the accounts of this host."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from consoleapp.live.observer import SecondObserver, observe, run


class Command(BaseCommand):
    """One process a host."""

    help = "Keep snapshots true, answer what pages ask engines, pick up lost operations."
    requires_system_checks = []

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            run(observe())
        except* SecondObserver as several:
            raise CommandError(str(several.exceptions[0])) from None

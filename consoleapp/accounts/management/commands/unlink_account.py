"""manage.py unlink_account NAME: withdraw a Linux account from the console, not its containers."""

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from consoleapp.accounts.models import LinuxAccount
from consoleapp.audit.record import record
from consoleapp.core.actor import Actor


class Command(BaseCommand):
    """The row stays for the operations and events that refer to it. No user sees the account."""

    help = "Withdraw a Linux account of this host from the console."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name")
        parser.add_argument("--host", default=settings.BERTH_HOST)

    @transaction.atomic
    def handle(self, *args: Any, **options: Any) -> None:
        account = LinuxAccount.objects.filter(
            name=options["name"], host__name=options["host"]
        ).first()
        if account is None:
            raise CommandError(f"no account {options['name']} of {options['host']} is linked")
        if account.active:
            account.active = False
            account.save(update_fields=["active"])
            record("account.unlinked", actor=Actor(user=None), account=account, target=account.key)

"""manage.py api_token USER --scope read|operate [--days N]: print a new token and nothing else."""

from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils import timezone

from consoleapp.accounts.models import User
from consoleapp.accounts.tokens import issue
from consoleapp.audit.record import record
from consoleapp.core.actor import Actor


class Command(BaseCommand):
    """Issues a token for scripts."""

    help = "Create an API token for a user and print it, once."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("user")
        parser.add_argument("--scope", choices=["read", "operate"], required=True)
        parser.add_argument("--days", type=int, help="days until it expires (default: never)")
        parser.add_argument("--name", default="made by manage.py api_token")

    @transaction.atomic
    def handle(self, *args: Any, **options: Any) -> None:
        user = User.objects.filter(username=options["user"]).first()
        if user is None:
            raise CommandError(f"there is no console user called {options['user']}")
        days = options["days"]
        if days is not None and not 1 <= days <= 36_500:
            raise CommandError("--days must be between 1 and 36500")
        expires_at = timezone.now() + timedelta(days=days) if days else None
        token, secret = issue(user, options["name"][:100], options["scope"], expires_at)
        record(
            "token.created",
            actor=Actor(user=None),
            target=f"{user.username}: {token.name}"[:600],
            parameters={"prefix": token.prefix, "scope": token.scope, "days": days},
        )
        self.stdout.write(secret)

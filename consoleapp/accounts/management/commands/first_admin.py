"""manage.py first_admin: create the first administrator if there is none."""

import os
import secrets
from typing import Any

from django.core.management.base import BaseCommand
from django.db import transaction

from consoleapp.accounts import passwords
from consoleapp.accounts.models import User
from consoleapp.audit.record import record
from consoleapp.core.actor import Actor

NAME = "admin"


class Command(BaseCommand):
    """Prints the password only if it created both the user and the password."""

    help = "Create the administrator 'admin' (BERTH_ADMIN_PASSWORD, or a printed password)."

    @transaction.atomic
    def handle(self, *args: Any, **options: Any) -> None:
        if User.objects.filter(is_superuser=True).exists():
            return
        given = os.environ.get("BERTH_ADMIN_PASSWORD", "")
        password = given or secrets.token_urlsafe(15)
        name = NAME if not User.objects.filter(name_key=NAME).exists() else f"{NAME}-berth"
        administrator = User.objects.create_superuser(username=name, password=password)
        if not given:
            passwords.mark(administrator, password)
            administrator.save()
        record(
            "user.created",
            actor=Actor(user=None),
            target=name,
            parameters={"administrator": True},
        )
        if not given:
            self.stdout.write(password)

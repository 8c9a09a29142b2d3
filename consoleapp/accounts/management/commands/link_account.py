"""manage.py link_account: enroll a Linux account with an engine in the console."""

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from consoleapp.accounts.models import Grant, Host, LinuxAccount, User
from consoleapp.audit.record import record
from consoleapp.core.actor import Actor
from engine.schema.parameters import Role

ACTOR = Actor(user=None)


class Command(BaseCommand):
    """Idempotent: a second run changes only what differs, and audits only changes."""

    help = "Enroll a Linux account of this host in the console, or update it."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name")
        parser.add_argument("--uid", type=int, required=True)
        parser.add_argument("--socket", required=True)
        parser.add_argument("--host", default=settings.BERTH_HOST)
        parser.add_argument("--grant", action="append", default=[], metavar="USER:ROLE")

    @transaction.atomic
    def handle(self, *args: Any, **options: Any) -> None:
        name, host_name = options["name"], options["host"]
        if not name or "/" in name or options["uid"] < 0:
            raise CommandError("a name without slashes and a uid, please")
        host, _ = Host.objects.get_or_create(name=host_name)
        key = name if host_name == settings.BERTH_HOST else f"{name}@{host_name}"
        account, made = LinuxAccount.objects.get_or_create(
            host=host,
            name=name,
            defaults={"key": key, "uid": options["uid"], "socket": options["socket"]},
        )
        wanted = {"uid": options["uid"], "socket": options["socket"], "active": True}
        changes = {f: v for f, v in wanted.items() if getattr(account, f) != v}
        for field, value in changes.items():
            setattr(account, field, value)
        if changes:
            account.save(update_fields=list(changes))
        if made or changes:
            details = {"uid": account.uid, "socket": account.socket}
            record(
                "account.linked",
                actor=ACTOR,
                account=account,
                target=account.key,
                parameters=details,
            )
        for grant in options["grant"]:
            self._grant(account, grant)

    def _grant(self, account: LinuxAccount, text: str) -> None:
        name, _, role = text.rpartition(":")
        if role not in list(Role):
            raise CommandError(f"{text!r}: a grant is USER:ROLE, a role one of {', '.join(Role)}")
        user = User.objects.filter(username=name).first()
        if user is None:
            raise CommandError(f"there is no console user called {name}")
        grant, made = Grant.objects.get_or_create(
            account=account, user=user, defaults={"role": role}
        )
        if not made and grant.role == role:
            return
        grant.role = role
        grant.save(update_fields=["role"])
        action = "grant.created" if made else "grant.changed"
        record(action, actor=ACTOR, account=account, target=name, parameters={"role": role})

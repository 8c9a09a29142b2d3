"""Which audit events a user may read: those of the accounts that they own, and their own."""

from django.db.models import Q, QuerySet

from consoleapp.accounts.models import User
from consoleapp.accounts.roles import accounts_with_roles
from consoleapp.audit.models import Event
from consoleapp.audit.search_index import Clauses, named
from engine.schema.parameters import Role


def readable(user: User) -> Clauses:
    """What a readable event must have, in words of the index.

    Administrators read all; others what they did, and what was done on accounts they own.
    """
    if user.is_superuser:
        return []
    owned = [named("account_id", account) for account in _owned(user)]
    return [[named("actor_id", user.pk), *owned]]


def readable_events(user: User) -> QuerySet[Event]:
    """The same as rows."""
    if user.is_superuser:
        return Event.objects.all()
    return Event.objects.filter(Q(actor=user.pk) | Q(account__in=_owned(user)))


def owns(user: User, account: int) -> bool:
    """Whether `user` reads everybody's events on it: addresses, and what only the log tells."""
    return user.is_superuser or account in _owned(user)


def _owned(user: User) -> list[int]:
    return [account.pk for account, role in accounts_with_roles(user) if role.covers(Role.OWNER)]

"""Which audit events a user may read: their own, and those of accounts that they own."""

from django.db.models import Q, QuerySet

from consoleapp.accounts.models import User
from consoleapp.accounts.roles import accounts_with_roles
from consoleapp.audit.models import Event
from consoleapp.audit.search_index import Clauses, named
from engine.schema.parameters import Role


def readable(user: User) -> Clauses:
    """Return the words in the index that a readable event must have.

    Administrators read everything. Others read what they did, and what was done on accounts they
    own.
    """
    if user.is_superuser:
        return []
    owned = [named("account_id", account) for account in _owned(user)]
    return [[named("actor_id", user.pk), *owned]]


def readable_events(user: User) -> QuerySet[Event]:
    """Return the same as rows."""
    if user.is_superuser:
        return Event.objects.all()
    return Event.objects.filter(Q(actor=user.pk) | Q(account__in=_owned(user)))


def owns(user: User, account: int) -> bool:
    """Return whether `user` may read all of its events, including others' addresses."""
    return user.is_superuser or account in _owned(user)


def _owned(user: User) -> list[int]:
    return [account.pk for account, role in accounts_with_roles(user) if role.covers(Role.OWNER)]

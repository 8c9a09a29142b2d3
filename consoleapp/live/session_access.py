"""Check repeatedly, while a stream is open, whether its user may still have it.

No database connection is held between the checks.
"""

from importlib import import_module
from types import SimpleNamespace
from typing import Any

from asgiref.sync import sync_to_async
from django.conf import settings
from django.contrib.auth import get_user
from django.db import connections

from consoleapp.accounts import passwords, second_factor
from consoleapp.accounts.access import role_on, visible_accounts
from consoleapp.accounts.models import LinuxAccount, User
from engine.schema.parameters import Role


def release() -> None:
    """Release this thread's database connections."""
    for connection in connections.all(initialized_only=True):
        if not connection.in_atomic_block:
            connection.close()


def _signed_in(session_key: str | None) -> User | None:
    if not session_key:
        return None
    session = import_module(settings.SESSION_ENGINE).SessionStore(session_key)
    user: Any = get_user(SimpleNamespace(session=session))  # type: ignore[arg-type]  # all that it reads
    if not (user.is_authenticated and user.is_active):
        return None
    if passwords.owed(user) or second_factor.missing(user):
        return None
    known: User = user
    return known


@sync_to_async
def accounts_of(session_key: str | None) -> dict[int, str] | None:
    """Return the keys of the accounts that the session's user sees; None without a user."""
    try:
        user = _signed_in(session_key)
        if user is None:
            return None
        return dict(visible_accounts(user).values_list("pk", "key"))
    finally:
        release()


@sync_to_async
def role_of(session_key: str | None, account: int) -> Role | None:
    """Return the current role of the session's user on the account, if any."""
    try:
        user = _signed_in(session_key)
        found = LinuxAccount.objects.filter(pk=account, active=True).first()
        return role_on(user, found) if user and found else None
    finally:
        release()

"""One-time passwords: handed over by somebody else, and only good for choosing another."""

import secrets
from typing import Any

from django.db import transaction

from consoleapp.accounts.middleware_base import Detour
from consoleapp.accounts.models import User
from consoleapp.audit.record import record
from consoleapp.core.actor import Actor

PAGE = "passwords:choose"
REFUSAL = "Your password is a one-time password. Sign in on the console to choose your own."


def give_one(user: User) -> str:
    """Set a one-time password on `user`, unsaved: about 95 bits, easy to read. Return it."""
    letters = "abcdefghjkmnpqrstuvwxyz23456789"
    password = "-".join("".join(secrets.choice(letters) for _ in range(5)) for _ in range(4))
    mark(user, password)
    return password


def mark(user: User, password: str) -> None:
    """Set `password` on `user`, unsaved, as one that somebody else has seen."""
    user.set_password(password)
    user.one_time_password = True


def owed(user: Any) -> bool:
    """Return whether `user` must still choose a password."""
    return bool(user.one_time_password and user.has_usable_password())


@transaction.atomic
def choose(user: User, password: str, *, actor: Actor) -> None:
    """Replace the one-time password with the user's own. Audited."""
    user.set_password(password)
    user.save(update_fields=["password", "one_time_password"])
    detail = "one-time password replaced"
    record("user.changed", actor=actor, target=user.get_username(), detail=detail)


class ChooseFirst(Detour):
    """Middleware: a user with a one-time password only sees the form for a new one."""

    page = PAGE

    def owes(self, user: Any) -> bool:
        """Return whether the user must choose."""
        return owed(user)

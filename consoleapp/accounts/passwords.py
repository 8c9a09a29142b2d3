"""One-time passwords: handed over by somebody else, good for choosing one of one's own."""

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
    """Set a one-time password on `user`, unsaved: about 95 bits that read well. Returns it."""
    letters = "abcdefghjkmnpqrstuvwxyz23456789"
    password = "-".join("".join(secrets.choice(letters) for _ in range(5)) for _ in range(4))
    mark(user, password)
    return password


def mark(user: User, password: str) -> None:
    """Set `password` on `user`, unsaved, as one that was shown to somebody else."""
    user.set_password(password)
    user.one_time_password = True


def owed(user: Any) -> bool:
    """Whether `user` still has to choose a password."""
    return bool(user.one_time_password and user.has_usable_password())


@transaction.atomic
def choose(user: User, password: str, *, actor: Actor) -> None:
    """Replace the one-time password by the user's own; audited."""
    user.set_password(password)
    user.save(update_fields=["password", "one_time_password"])
    detail = "one-time password replaced"
    record("user.changed", actor=actor, target=user.get_username(), detail=detail)


class ChooseFirst(Detour):
    """Middleware: who has a one-time password sees nothing but the form for another."""

    page = PAGE

    def owes(self, user: Any) -> bool:
        """Whether it is time to choose."""
        return owed(user)

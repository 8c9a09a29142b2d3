"""Changes to console users, with their audit events."""

from django.db import transaction
from django.utils.translation import gettext as _

from consoleapp.accounts import passwords
from consoleapp.accounts.models import User
from consoleapp.audit.record import record
from consoleapp.core.actor import Actor


class LastAdministrator(Exception):
    """Raised instead of leaving the console without an active administrator."""

    def __init__(self) -> None:
        super().__init__(
            _("This is the last active administrator. Make another user an administrator first.")
        )


@transaction.atomic
def create(user: User, *, actor: Actor) -> str:
    """Save the new `user`. Return the password to hand over, which is not stored."""
    password = passwords.give_one(user)
    user.save()
    record(
        "user.created",
        actor=actor,
        target=user.username,
        parameters={"administrator": user.is_superuser},
    )
    return password


@transaction.atomic
def change(user: User, fields: list[str], *, actor: Actor) -> None:
    """Save `fields` of a changed `user`. Raises LastAdministrator without changing anything."""
    before = User.objects.select_for_update().get(pk=user.pk)
    if before.is_superuser and before.is_active and not (user.is_superuser and user.is_active):
        _leave_one(before)
    changes = {
        field: [getattr(before, field), getattr(user, field)]
        for field in fields
        if getattr(before, field) != getattr(user, field)
    }
    if not changes:
        return
    user.save(update_fields=list(changes))
    record("user.changed", actor=actor, target=user.username, parameters=changes)


@transaction.atomic
def reset_password(user: User, *, actor: Actor) -> str:
    """Give `user` a new password, which ends their sessions. Return it to be shown once."""
    password = passwords.give_one(user)
    user.save(update_fields=["password", "one_time_password"])
    record("user.changed", actor=actor, target=user.username, detail="password reset")
    return password


@transaction.atomic
def remove(user: User, *, actor: Actor) -> None:
    """Delete `user` with grants and tokens. Operations and audit events keep the name."""
    if user.is_superuser and user.is_active:
        _leave_one(user)
    name = user.username
    user.delete()
    record("user.removed", actor=actor, target=name)


def _leave_one(user: User) -> None:
    others = User.objects.select_for_update().filter(is_superuser=True, is_active=True)
    if not others.exclude(pk=user.pk).exists():
        raise LastAdministrator

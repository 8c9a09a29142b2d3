"""Invitations: links that work once, until they expire, and create a user in given groups."""

import hashlib
import secrets
from collections.abc import Iterable
from datetime import datetime, timedelta

from django.contrib.auth.models import Group
from django.db import transaction
from django.utils import timezone

from consoleapp.accounts.models import Invitation, User
from consoleapp.audit.record import record
from consoleapp.core.actor import Actor
from consoleapp.core.errors import Conflict
from engine.schema.messages import msg


@transaction.atomic
def invite(
    email: str, groups: Iterable[Group], expires_at: datetime, *, actor: Actor
) -> tuple[Invitation, str]:
    """Return the row, and the secret of its link, which is not stored."""
    secret = secrets.token_urlsafe(32)
    invitation = Invitation.objects.create(
        digest=_digest(secret), email=email, created_by=actor.user, expires_at=expires_at
    )
    invitation.groups.set(groups)
    parameters = {
        "groups": sorted(group.name for group in groups),
        "expires_at": expires_at.isoformat(),
    }
    record("invitation.created", actor=actor, target=str(invitation), parameters=parameters)
    return invitation, secret


def open_one(secret: str) -> Invitation | None:
    """Return the invitation of that link, unless it was used or cancelled or has expired."""
    # By the digest of 256 random bits, so the time of the lookup reveals nothing about others.
    found = Invitation.objects.filter(digest=_digest(secret)).first()
    return found if found and found.state == "open" else None


@transaction.atomic
def accept(invitation: Invitation, user: User, *, ip: str) -> None:
    """Save the new `user` (password set) as a member of the groups. Raises Conflict if too late."""
    still_open = Invitation.objects.filter(
        pk=invitation.pk, accepted_at=None, cancelled_at=None, expires_at__gt=timezone.now()
    )
    # The row decides who is first. Only then is the user created.
    if not still_open.update(accepted_at=timezone.now()):
        raise Conflict(msg("This invitation was used or cancelled a moment ago."))
    user.save()
    Invitation.objects.filter(pk=invitation.pk).update(accepted_by=user)
    groups = list(invitation.groups.order_by("name"))
    user.groups.set(groups)
    actor = Actor(user=user, ip=ip, source="page")
    parameters = {"invitation": invitation.pk, "groups": [group.name for group in groups]}
    record("invitation.accepted", actor=actor, target=str(invitation), parameters=parameters)
    record("user.created", actor=actor, target=user.username, parameters={"administrator": False})


@transaction.atomic
def cancel(invitation: Invitation, *, actor: Actor) -> None:
    """Invalidate the link. Raises Conflict if it was already used."""
    if Invitation.objects.filter(pk=invitation.pk, accepted_at=None, cancelled_at=None).update(
        cancelled_at=timezone.now()
    ):
        record("invitation.cancelled", actor=actor, target=str(invitation))
    elif Invitation.objects.filter(pk=invitation.pk).exclude(accepted_at=None).exists():
        raise Conflict(msg("It was accepted already. Disable the person instead."))


def in_days(days: int) -> datetime:
    """Return when an invitation for `days` days expires."""
    return timezone.now() + timedelta(days=days)


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()

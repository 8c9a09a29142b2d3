"""Personal tokens for programs: created once, shown once, stored as a digest."""

import hashlib
import secrets
from datetime import datetime, timedelta
from functools import partial
from typing import Literal

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from consoleapp.accounts.models import ApiToken, User
from consoleapp.accounts.notes import note
from consoleapp.accounts.second_factor import owing
from consoleapp.audit.record import record
from consoleapp.core.actor import Actor

PREFIX = "berth_"
_SHOWN = len(PREFIX) + 6
# Recording each use would make every read of the API a write.
_USE_NOTED_EVERY = timedelta(minutes=5)


def issue(
    user: User, name: str, scope: Literal["read", "operate"], expires_at: datetime | None
) -> tuple[ApiToken, str]:
    """Create a token. Return its row, and the secret text, which is not stored."""
    secret = PREFIX + secrets.token_urlsafe(32)
    token = ApiToken.objects.create(
        user=user,
        name=name,
        prefix=secret[:_SHOWN],
        digest=_digest(secret),
        scope=scope,
        expires_at=expires_at,
    )
    return token, secret


def authenticate(secret: str) -> ApiToken | None:
    """Return the token with this secret if it is valid and its user is active.

    Its `owes_factor` says whether a group requires a second factor that its user lacks.
    """
    now = timezone.now()
    # By the digest of 256 random bits, so the time of the lookup reveals nothing about others.
    found = (
        ApiToken.objects.select_related("user")
        .annotate(owes_factor=owing("user"))
        .filter(digest=_digest(secret), revoked_at=None, user__is_active=True)
        .filter(Q(expires_at=None) | Q(expires_at__gt=now))
        .first()
    )
    # A timestamp in the future is from before the clock was set back.
    if found and (found.last_used_at is None or abs(now - found.last_used_at) > _USE_NOTED_EVERY):
        found.last_used_at = now
        note(partial(found.save, update_fields=["last_used_at"]))
    return found


def revoke(token: ApiToken, *, actor: Actor) -> None:
    """Revoke a token permanently, and audit that. A revoked or expired one does not change."""
    with transaction.atomic():
        now = timezone.now()
        if ApiToken.objects.filter(pk=token.pk, revoked_at=None).update(revoked_at=now):
            token.revoked_at = now
            scope = {"scope": token.scope}
            record("token.revoked", actor=actor, target=token.name, parameters=scope)


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()

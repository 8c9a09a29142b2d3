"""Second factors: which ones users have, which groups require one, and what waits until then.

The requirement covers everything that a user does: pages redirect to the set-up, the API refuses
the session and tokens (a token that was stolen with the password would bypass it), and terminals
and followed logs do not open.
"""

import base64
from typing import Any

from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.contrib.auth.models import Group
from django.db import transaction
from django.db.models import BooleanField, Exists, ExpressionWrapper, OuterRef, Q, QuerySet
from django.utils.translation import gettext_noop

from consoleapp.accounts.middleware_base import Detour
from consoleapp.accounts.models import GroupRule, User
from consoleapp.audit.record import record
from consoleapp.core.actor import Actor

SET_UP = "second_factor:set_up"
REFUSAL = (
    "Your group asks for a second factor, and you have none. Sign in on the console to set it up."
)
_NAMES = {
    Authenticator.Type.TOTP: gettext_noop("authenticator app"),
    Authenticator.Type.WEBAUTHN: gettext_noop("security key"),
}
# Fernet's version byte in base64. A TOTP secret without it is older than this code.
_ENCRYPTED = "gAAAA"


def factors_of(user: User) -> list[str]:
    """Return the second factors of `user` in words. Recovery codes alone do not count."""
    return [_NAMES[each.type] for each in _factors(user).order_by("created_at")]


def _factors(user: User) -> QuerySet[Authenticator]:
    found: QuerySet[Authenticator] = Authenticator.objects.filter(user=user, type__in=_NAMES)
    return found


def demanding(user: User) -> QuerySet[Group]:
    """Return the groups of `user` that require a second factor."""
    return Group.objects.filter(user=user, grouprule__second_factor=True).order_by("name")


def missing(user: User) -> bool:
    """Return whether a group requires one from `user`, who has none."""
    return User.objects.filter(owing("pk"), pk=user.pk).exists()


def owing(user: str) -> "ExpressionWrapper[Q]":
    """Return the same as a query expression, for rows with the user at `user`."""
    demanded = Group.objects.filter(user=OuterRef(user), grouprule__second_factor=True)
    held = Authenticator.objects.filter(user=OuterRef(user), type__in=_NAMES)
    return ExpressionWrapper(Exists(demanded) & ~Exists(held), BooleanField())


def demanded_by(group: Group) -> bool:
    """Return whether `group` requires one from its members."""
    return GroupRule.objects.filter(group=group, second_factor=True).exists()


def members_without(group: Group) -> list[str]:
    """Return the names of the members without one."""
    having = Authenticator.objects.filter(type__in=_NAMES).values("user")
    names = group.user_set.exclude(pk__in=having).order_by("username")
    return list(names.values_list("username", flat=True))


@transaction.atomic
def demand(group: Group, wanted: bool, *, actor: Actor) -> bool:
    """Set whether `group` requires a second factor. Audited. Return whether that changed."""
    rule, _ = GroupRule.objects.select_for_update().get_or_create(group=group)
    if rule.second_factor == wanted:
        return False
    rule.second_factor = wanted
    rule.save()
    changed = {"second_factor": [not wanted, wanted]}
    record("group.changed", actor=actor, target=group.name, parameters=changed)
    return True


@transaction.atomic
def forget(user: User, *, actor: Actor) -> None:
    """Remove all second factors and recovery codes of a user who lost theirs. Audited."""
    gone = factors_of(user)
    Authenticator.objects.filter(user=user).delete()
    parameters = {"factors": gone}
    record("second-factor.forgotten", actor=actor, target=user.username, parameters=parameters)


class Demand(Detour):
    """Middleware: a user without a required second factor only sees its set-up."""

    page = SET_UP
    open_views = frozenset(
        ("account_reauthenticate", "account_change_password", "passwords:choose")
    )

    def owes(self, user: Any) -> bool:
        """Return whether a group requires one that they lack."""
        return missing(user)

    def opens(self, name: str) -> bool:
        """Also allow allauth's set-up pages."""
        return super().opens(name) or name.startswith("mfa_")


class Adapter(DefaultMFAAdapter):  # type: ignore[misc]  # allauth has no types
    """Berth's answers to allauth about second factors."""

    def encrypt(self, text: str) -> str:
        """Encrypt secrets of authenticator apps and recovery codes."""
        return _fernet().encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        """Decrypt a secret. Secrets from before encryption are returned unchanged."""
        if not encrypted_text.startswith(_ENCRYPTED):
            return encrypted_text
        try:
            return _fernet().decrypt(encrypted_text.encode()).decode()
        except InvalidToken:
            return ""  # the secret key has changed: no code is valid any more

    def can_delete_authenticator(self, authenticator: Authenticator) -> bool:
        """Keep the last one while a group requires one."""
        user = authenticator.user
        if authenticator.type not in _NAMES or not demanding(user).exists():
            return True
        return bool(_factors(user).exclude(pk=authenticator.pk).exists())

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        """Return the console's name for the browser to show; the id stays the host."""
        entity: dict[str, str] = super().get_public_key_credential_rp_entity()
        return entity | {"name": "Berth"}

    def _get_user_identifier(self, user: User) -> str:
        return user.get_username()


def _fernet() -> Fernet:
    key = HKDF(SHA256(), 32, salt=None, info=b"berth second factor")
    return Fernet(base64.urlsafe_b64encode(key.derive(settings.SECRET_KEY.encode())))

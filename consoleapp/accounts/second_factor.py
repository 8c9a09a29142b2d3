"""Second factors: which ones people have, which groups demand one, and what waits until then.

A demand holds for all that a person does: pages lead to the set-up first, the API refuses their
session and their tokens (a token that was stolen with the password would be a way around it), and
terminals and followed logs do not open.
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
from django.db.models import BooleanField, Exists, ExpressionWrapper, OuterRef, QuerySet
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
# What Fernet's version byte looks like in base64. A TOTP secret without it is older than this code.
_SEALED = "gAAAA"


def factors_of(user: User) -> list[str]:
    """What `user` can show besides a password, in words; recovery codes alone don't count."""
    return [_NAMES[each.type] for each in _factors(user).order_by("created_at")]


def _factors(user: User) -> QuerySet[Authenticator]:
    found: QuerySet[Authenticator] = Authenticator.objects.filter(user=user, type__in=_NAMES)
    return found


def demanding(user: User) -> QuerySet[Group]:
    """The groups of `user` that demand a second factor."""
    return Group.objects.filter(user=user, grouprule__second_factor=True).order_by("name")


def missing(user: User) -> bool:
    """Whether a group demands one of `user`, and they have none."""
    return User.objects.filter(owing("pk"), pk=user.pk).exists()


def owing(user: str) -> ExpressionWrapper:
    """The same for a query: an expression about rows that have the person at `user`."""
    demanded = Group.objects.filter(user=OuterRef(user), grouprule__second_factor=True)
    held = Authenticator.objects.filter(user=OuterRef(user), type__in=_NAMES)
    return ExpressionWrapper(Exists(demanded) & ~Exists(held), BooleanField())


def demanded_by(group: Group) -> bool:
    """Whether `group` demands one of its members."""
    return GroupRule.objects.filter(group=group, second_factor=True).exists()


def members_without(group: Group) -> list[str]:
    """The names of the members who have none."""
    having = Authenticator.objects.filter(type__in=_NAMES).values("user")
    names = group.user_set.exclude(pk__in=having).order_by("username")
    return list(names.values_list("username", flat=True))


@transaction.atomic
def demand(group: Group, wanted: bool, *, actor: Actor) -> bool:
    """Have `group` demand a second factor, or not any more; audited. Out: whether that is new."""
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
    """Remove all second factors and recovery codes of somebody who lost theirs; audited."""
    gone = factors_of(user)
    Authenticator.objects.filter(user=user).delete()
    parameters = {"factors": gone}
    record("second-factor.forgotten", actor=actor, target=user.username, parameters=parameters)


class Demand(Detour):
    """Middleware: who owes a second factor sees nothing but the way to set one up."""

    page = SET_UP
    open_views = frozenset(
        ("account_reauthenticate", "account_change_password", "passwords:choose")
    )

    def owes(self, user: Any) -> bool:
        """Whether a group demands one that they lack."""
        return missing(user)

    def opens(self, name: str) -> bool:
        """The pages of allauth on which one is set up, besides."""
        return super().opens(name) or name.startswith("mfa_")


class Adapter(DefaultMFAAdapter):  # type: ignore[misc]
    """What allauth asks Berth about second factors."""

    def encrypt(self, text: str) -> str:
        """Secrets of authenticator apps and recovery codes are kept encrypted."""
        return _fernet().encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        """What `encrypt` was given; secrets from before it are in the clear."""
        if not encrypted_text.startswith(_SEALED):
            return encrypted_text
        try:
            return _fernet().decrypt(encrypted_text.encode()).decode()
        except InvalidToken:
            return ""  # the secret key is another one now: no code fits any more

    def can_delete_authenticator(self, authenticator: Authenticator) -> bool:
        """The last one stays while a group demands one."""
        user = authenticator.user
        if authenticator.type not in _NAMES or not demanding(user).exists():
            return True
        return bool(_factors(user).exclude(pk=authenticator.pk).exists())

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        """What the browser shows: the console's name; the id stays the host."""
        entity: dict[str, str] = super().get_public_key_credential_rp_entity()
        return entity | {"name": "Berth"}

    def _get_user_identifier(self, user: User) -> str:
        return user.get_username()


def _fernet() -> Fernet:
    key = HKDF(SHA256(), 32, salt=None, info=b"berth second factor")
    return Fernet(base64.urlsafe_b64encode(key.derive(settings.SECRET_KEY.encode())))

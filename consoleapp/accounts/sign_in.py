"""Sign-in: Berth's answers to allauth, and audit events."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core.internal.ratelimit import truncate_ip
from allauth.mfa.models import Authenticator
from allauth.mfa.signals import (
    authentication_failed,
    authenticator_added,
    authenticator_removed,
    authenticator_reset,
)
from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.core.exceptions import PermissionDenied, ValidationError
from django.dispatch import receiver
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext

from consoleapp.accounts import lockout, names
from consoleapp.accounts.models import User
from consoleapp.accounts.service import is_service
from consoleapp.audit.record import record
from consoleapp.core.actor import Actor, client_ip


class Adapter(DefaultAccountAdapter):  # type: ignore[misc]  # allauth has no types
    """Refuses self-registration, and audits lockouts."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Return False: administrators create the users."""
        return False

    def get_client_ip(self, request: HttpRequest) -> str:
        """Return the peer's address for the limits, never that from an untrusted header."""
        return client_ip(request) or "unknown"

    def clean_username(self, username: str, shallow: bool = False) -> str:
        """Validate the name that single sign-on suggests by the rules for every name."""
        name = names.normalize(username or "")
        names.check(name)
        return name

    def authenticate(self, request: HttpRequest, **credentials: Any) -> Any:
        """Accept any spelling of the user's name."""
        if isinstance(name := credentials.get("username"), str):
            credentials["username"] = _known(name) or names.normalize(name)
        return super().authenticate(request, **credentials)

    def pre_login(self, request: HttpRequest, user: User, **given: Any) -> HttpResponse | None:
        """Refuse service accounts, which have tokens and no session, on every way to sign in."""
        if is_service(user):
            detail = "a service account does not sign in"
            actor = _nobody(request, user.get_username())
            record("sign-in.failed", actor=actor, outcome="refused", detail=detail)
            reason = gettext("%(user)s is a service account; it does not sign in.")
            raise PermissionDenied(reason % {"user": user})
        answer: HttpResponse | None = super().pre_login(request, user, **given)
        return answer

    def _get_login_attempts_cache_key(self, request: HttpRequest, **credentials: Any) -> str:
        """Return what failures are counted by. allauth's own key contains the Host header."""
        address = truncate_ip(self.get_client_ip(request))  # one IPv6 network is one guesser
        return lockout.key(_tried(credentials), address)

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """Run allauth's check of the number of failures. Raises ValidationError if locked out."""
        try:
            super().pre_authenticate(request, **credentials)
        except ValidationError:
            name = _known(credentials.get("username"))
            record("lockout", actor=_nobody(request, name), target=name, outcome="refused")
            raise
        lockout.slow_down(_tried(credentials))

    def authentication_failed(self, request: HttpRequest, **credentials: Any) -> None:
        """Record a wrong password."""
        lockout.note(_tried(credentials))


@receiver(user_logged_in)
def _signed_in(request: HttpRequest | None, user: User, **_: Any) -> None:
    record("sign-in", actor=_at(request, user), target=user.get_username(), outcome="succeeded")


@receiver(user_logged_out)
def _signed_out(request: HttpRequest | None, user: User | None, **_: Any) -> None:
    if user is not None:
        record("sign-out", actor=_at(request, user), target=user.get_username())


@receiver(user_login_failed)
def _failed(credentials: dict[str, Any], request: HttpRequest | None = None, **_: Any) -> None:
    name = _known(credentials.get("username"))
    record(
        "sign-in.failed",
        actor=_nobody(request, name),
        target=name,
        outcome="failed",
        detail="" if name else "unknown user name",
    )


@receiver(authenticator_added)
def _factor_added(request: HttpRequest, user: User, authenticator: Authenticator, **_: Any) -> None:
    _record_factor("second-factor.added", request, user, authenticator)


@receiver(authenticator_removed)
def _factor_removed(
    request: HttpRequest, user: User, authenticator: Authenticator, **_: Any
) -> None:
    _record_factor("second-factor.removed", request, user, authenticator)


@receiver(authenticator_reset)
def _factor_reset(request: HttpRequest, user: User, authenticator: Authenticator, **_: Any) -> None:
    _record_factor("second-factor.renewed", request, user, authenticator)


@receiver(authentication_failed)
def _factor_failed(request: HttpRequest, user: User, **_: Any) -> None:
    name = user.get_username()
    record(
        "sign-in.failed",
        actor=_nobody(request, name),
        target=name,
        outcome="failed",
        detail="second factor",
    )


def _record_factor(
    action: str, request: HttpRequest, user: User, authenticator: Authenticator
) -> None:
    parameters = {"factor": str(Authenticator.Type(authenticator.type).value)}
    if authenticator.type == Authenticator.Type.WEBAUTHN:
        parameters["name"] = str(authenticator.wrap().name)
    target = user.get_username()
    record(action, actor=_at(request, user), target=target, parameters=parameters)


def _tried(credentials: dict[str, Any]) -> str:
    """Return the attempted name, whether or not it exists."""
    return str(credentials.get("username") or credentials.get("email") or "")[: names.LONGEST]


def _known(name: Any) -> str:
    """Return `name` if it exists. Others are not stored: users type passwords there."""
    if not isinstance(name, str) or "\0" in name:
        return ""
    user = User.objects.filter(name_key=names.key(name[: names.LONGEST])).first()
    return user.username if user else ""


def _at(request: HttpRequest | None, user: User) -> Actor:
    if request is None:
        return Actor(user=user)
    return Actor(user=user, ip=client_ip(request), source="page")


def _nobody(request: HttpRequest | None, name: str) -> Actor:
    ip = client_ip(request) if request is not None else ""
    return Actor(user=None, ip=ip, source="page", label=name)

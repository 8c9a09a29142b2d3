"""Single sign-on: who may sign in, as which user, and with which groups.

allauth implements the protocol. The provider's `sub` identifies a user, never a name or an address
that its holder may choose. Only the console makes somebody an administrator, or stops it.
"""

from typing import Any

import requests
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.mfa.models import Authenticator
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.models import SocialLogin
from allauth.socialaccount.providers.base import AuthProcess
from django.conf import settings
from django.contrib.auth.models import Group
from django.db import transaction
from django.http import HttpRequest
from django.shortcuts import render
from django.utils.translation import gettext_noop

from consoleapp.accounts import tokens
from consoleapp.accounts.identity_provider import IdentityProvider
from consoleapp.accounts.models import ApiToken, User
from consoleapp.audit.record import record
from consoleapp.core.actor import Actor, client_ip


class Adapter(DefaultSocialAccountAdapter):  # type: ignore[misc]  # allauth has no types
    """Berth's answers to allauth about single sign-on."""

    def pre_social_login(self, request: HttpRequest, sociallogin: SocialLogin) -> None:
        """Handle the provider's answer. `sociallogin.user` is known, linked, or new."""
        if sociallogin.state.get("process") == AuthProcess.CONNECT:
            # Started by a link alone, which another site could have offered.
            raise _refusal(
                request, gettext_noop("An identity cannot be added to an account that exists.")
            )
        if not _same_subject(sociallogin.account.extra_data):
            raise _refusal(request, gettext_noop("The identity provider contradicts itself."))
        # The address is stored with the user as a hint. Nothing here relies on it later.
        sociallogin.email_addresses = []
        if sociallogin.is_existing:
            _follow(sociallogin, request)

    def get_requests_session(self) -> requests.Session:
        """Return the session for requests to the provider: by proxy, unless it is on loopback."""
        session: requests.Session = super().get_requests_session()
        session.trust_env = not _provider().issuer.startswith("http://")
        return session

    def can_authenticate_by_email(self, login: SocialLogin, email: str) -> bool:
        """Return whether the file allows it."""
        return _provider().link_verified_email

    def authenticate_by_email(self, sociallogin: SocialLogin) -> tuple[User, str] | None:
        """Return the one user with the address that the provider has verified.

        Never an administrator, or whoever runs the provider would be one. Never a user who is
        linked.
        """
        claims = sociallogin.account.extra_data
        for address in sociallogin.email_addresses:
            if not (_provider().link_verified_email and _vouches_for(claims, address.email)):
                continue
            found = User.objects.filter(email__iexact=address.email, is_active=True)
            people = found.filter(serviceaccount=None, socialaccount=None)
            if people.count() == 1 and not (person := people.get()).is_superuser:
                return person, address.email
        return None

    def is_open_for_signup(self, request: HttpRequest, sociallogin: SocialLogin) -> bool:
        """Return whether new users are admitted."""
        return _provider().create_people

    @transaction.atomic
    def save_user(self, request: HttpRequest, sociallogin: SocialLogin, form: Any = None) -> User:
        """Save a user who signs in for the first time."""
        user: User = super().save_user(request, sociallogin, form)
        record(
            "user.created",
            actor=_actor(request, user),
            target=user.username,
            parameters={"administrator": False},
            detail="single sign-on",
        )
        _follow(sociallogin, request)
        return user

    def on_authentication_error(
        self,
        request: HttpRequest,
        provider: Any,
        error: Any = None,
        exception: Exception | None = None,
        extra_context: dict[str, Any] | None = None,
    ) -> None:
        """Handle a sign-in without a valid answer."""
        why = f"single sign-on: {error or 'failed'}"
        if exception is not None:
            why += f" ({type(exception).__name__})"
        _record_failure(request, why)


@transaction.atomic
def _follow(sociallogin: SocialLogin, request: HttpRequest) -> None:
    """Make the user a member of exactly the mapped groups that the provider names."""
    user: User = sociallogin.user
    provider = _provider()
    named = _named(sociallogin.account.extra_data, provider.groups_claim)
    wanted = {here for there, here in provider.groups.items() if there in named}
    actor = _actor(request, user)
    if sociallogin._did_authenticate_by_email:
        _take_over(user, actor)
    held = set(user.groups.filter(name__in=provider.mapped).values_list("name", flat=True))
    for name in sorted(wanted - held):
        group, made = Group.objects.get_or_create(name=name)
        if made:
            record("group.created", actor=actor, target=name, detail="single sign-on")
        user.groups.add(group)
        _record_change(actor, name, {"added": user.username})
    for group in Group.objects.filter(name__in=held - wanted).order_by("name"):
        user.groups.remove(group)
        _record_change(actor, group.name, {"taken out": user.username})


def _take_over(user: User, actor: Actor) -> None:
    """Invalidate everything that an impostor with this address may have left.

    allauth removes the password and ends the sessions.
    """
    for token in ApiToken.objects.filter(user=user, revoked_at=None):
        tokens.revoke(token, actor=actor)
    Authenticator.objects.filter(user=user).delete()
    record("user.linked", actor=actor, target=user.username, detail="single sign-on")


def _record_change(actor: Actor, group: str, change: dict[str, str]) -> None:
    record("group.changed", actor=actor, target=group, parameters=change, detail="single sign-on")


def _named(claims: dict[str, Any], claim: str) -> set[str]:
    """Return the groups in the claim. A provider that names none removes all."""
    for source in _sources(claims):
        found = source.get(claim)
        if isinstance(found, str):
            return {found}
        if isinstance(found, list):
            return {each for each in found if isinstance(each, str)}
    return set()


def _vouches_for(claims: dict[str, Any], address: str) -> bool:
    """Return whether the provider says that exactly this address is verified.

    Only the JSON value `true` counts. allauth's own reading is not used, since some of its releases
    accept the string "true". A source that says anything else decides.
    """
    sources = [each for each in _sources(claims) if "email" in each or "email_verified" in each]
    return bool(sources) and all(
        each.get("email_verified") is True
        and isinstance(named := each.get("email"), str)
        and named.lower() == address.lower()
        for each in sources
    )


def _same_subject(claims: dict[str, Any]) -> bool:
    """Return whether userinfo and ID token are about the same subject.

    OpenID Connect Core 5.3.2 requires that. A subject is a string (section 2), but allauth converts
    anything: 7 becomes "7".
    """
    subjects = [each.get("sub") for each in _sources(claims)]
    return bool(subjects) and all(
        isinstance(each, str) and each and each == subjects[0] for each in subjects
    )


def _sources(claims: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the sources of claims: the answer of userinfo, and the ID token."""
    return [
        each for each in (claims.get("userinfo"), claims.get("id_token")) if isinstance(each, dict)
    ]


def _provider() -> IdentityProvider:
    provider: IdentityProvider | None = settings.BERTH_IDENTITY_PROVIDER
    assert provider is not None  # noqa: S101 - the adapter is installed only with one
    return provider


def _actor(request: HttpRequest, user: User) -> Actor:
    return Actor(user=user, ip=client_ip(request), source="page")


def _record_failure(request: HttpRequest, why: str) -> None:
    actor = Actor(user=None, ip=client_ip(request), source="page")
    record("sign-in.failed", actor=actor, outcome="failed", detail=why)


def _refusal(request: HttpRequest, why: str) -> ImmediateHttpResponse:
    _record_failure(request, f"single sign-on: {why}")
    answer = render(request, "socialaccount/authentication_error.html", {"why": why}, status=403)
    return ImmediateHttpResponse(answer)

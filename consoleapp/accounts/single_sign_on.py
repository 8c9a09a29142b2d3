"""Single sign-on: who may come in by it, whom they are here, and which groups that gives them.

The protocol is allauth's. An identity is known by the provider's `sub`, never by a name or an
address that its holder may choose; administrators are made and unmade only here.
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


class Adapter(DefaultSocialAccountAdapter):  # type: ignore[misc]
    """What allauth asks Berth about single sign-on."""

    def pre_social_login(self, request: HttpRequest, sociallogin: SocialLogin) -> None:
        """The provider has answered; `sociallogin.user` is known, linked, or new."""
        if sociallogin.state.get("process") == AuthProcess.CONNECT:
            # Asked for by a link alone, which another site could hold out to somebody.
            raise _refusal(
                request, gettext_noop("An identity cannot be added to an account that exists.")
            )
        if not _same_subject(sociallogin.account.extra_data):
            raise _refusal(request, gettext_noop("The identity provider contradicts itself."))
        # The address is kept with the user, as a hint. Nothing here is decided by it later on.
        sociallogin.email_addresses = []
        if sociallogin.is_existing:
            _follow(sociallogin, request)

    def get_requests_session(self) -> requests.Session:
        """What asks the provider: by this machine's proxy, unless it is on loopback."""
        session: requests.Session = super().get_requests_session()
        session.trust_env = not _provider().issuer.startswith("http://")
        return session

    def can_authenticate_by_email(self, login: SocialLogin, email: str) -> bool:
        """Only where the file says so."""
        return _provider().link_verified_email

    def authenticate_by_email(self, sociallogin: SocialLogin) -> tuple[User, str] | None:
        """The one person with the address that the provider has verified.

        No administrator: whoever runs the provider would be one. Nobody who is linked already.
        """
        said = sociallogin.account.extra_data
        for address in sociallogin.email_addresses:
            if not (_provider().link_verified_email and _vouches_for(said, address.email)):
                continue
            found = User.objects.filter(email__iexact=address.email, is_active=True)
            people = found.filter(serviceaccount=None, socialaccount=None)
            if people.count() == 1 and not (person := people.get()).is_superuser:
                return person, address.email
        return None

    def is_open_for_signup(self, request: HttpRequest, sociallogin: SocialLogin) -> bool:
        """Whether somebody who is new here is let in."""
        return _provider().create_people

    @transaction.atomic
    def save_user(self, request: HttpRequest, sociallogin: SocialLogin, form: Any = None) -> User:
        """Somebody comes in for the first time."""
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
        """It did not come to an answer that counts."""
        why = f"single sign-on: {error or 'failed'}"
        if exception is not None:
            why += f" ({type(exception).__name__})"
        _record_failure(request, why)


@transaction.atomic
def _follow(sociallogin: SocialLogin, request: HttpRequest) -> None:
    """Have the user in those of the mapped groups that the provider names, and in no others."""
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
    """Somebody may have waited with the address of another: nothing that they left works on.

    allauth forgets the password and ends the sessions.
    """
    for token in ApiToken.objects.filter(user=user, revoked_at=None):
        tokens.revoke(token, actor=actor)
    Authenticator.objects.filter(user=user).delete()
    record("user.linked", actor=actor, target=user.username, detail="single sign-on")


def _record_change(actor: Actor, group: str, change: dict[str, str]) -> None:
    record("group.changed", actor=actor, target=group, parameters=change, detail="single sign-on")


def _named(said: dict[str, Any], claim: str) -> set[str]:
    """The groups in the claim; a provider that names none takes all of them away."""
    for source in _sources(said):
        found = source.get(claim)
        if isinstance(found, str):
            return {found}
        if isinstance(found, list):
            return {each for each in found if isinstance(each, str)}
    return set()


def _vouches_for(said: dict[str, Any], address: str) -> bool:
    """Whether the provider says of this address, and no other, that it is verified.

    Only the JSON value `true` counts. allauth's own reading is not used: some of its releases take
    the string "true" for it. A source that says anything else has the last word.
    """
    sources = [each for each in _sources(said) if "email" in each or "email_verified" in each]
    return bool(sources) and all(
        each.get("email_verified") is True
        and isinstance(named := each.get("email"), str)
        and named.lower() == address.lower()
        for each in sources
    )


def _same_subject(said: dict[str, Any]) -> bool:
    """OpenID Connect Core 5.3.2: userinfo about somebody else than the ID token must not count.

    A subject is a string (section 2); allauth makes one of anything: of 7 the same as of "7".
    """
    subjects = [each.get("sub") for each in _sources(said)]
    return bool(subjects) and all(
        isinstance(each, str) and each and each == subjects[0] for each in subjects
    )


def _sources(said: dict[str, Any]) -> list[dict[str, Any]]:
    """Where claims are: in the answer of userinfo, and in the ID token."""
    return [each for each in (said.get("userinfo"), said.get("id_token")) if isinstance(each, dict)]


def _provider() -> IdentityProvider:
    provider: IdentityProvider = settings.BERTH_IDENTITY_PROVIDER
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

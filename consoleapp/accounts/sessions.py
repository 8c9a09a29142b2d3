"""Users' sessions: record their use, list them, end them. The rows are allauth's."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from allauth.usersessions.models import UserSession
from django.contrib.sessions.exceptions import SessionInterrupted
from django.contrib.sessions.middleware import SessionMiddleware
from django.contrib.sessions.models import Session
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from consoleapp.accounts.devices import device, label
from consoleapp.accounts.middleware_base import BeforeView
from consoleapp.accounts.models import User
from consoleapp.accounts.notes import note
from consoleapp.audit.record import record
from consoleapp.core.actor import Actor
from consoleapp.core.faults import fault, page

# Recording each use would make every read of a page a write.
_NOTED_EVERY = 300.0
_REMEMBERED = 10_000


@dataclass(frozen=True)
class SignedIn:
    """One session, as pages show it. The key in the cookie stays in the database."""

    pk: int
    device: str
    address: str
    since: datetime
    last_used: datetime
    current: bool


class Sessions(SessionMiddleware):
    """Django's middleware; also says why a session cannot be saved: a full disk, or a lock."""

    def process_response(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:
        """Save the session after the view."""
        try:
            return super().process_response(request, response)
        except SessionInterrupted as error:
            if (found := fault(error)) is None:
                raise  # it was ended in the meantime
            return page(found)


class NoteUse(BeforeView):
    """Middleware: records address, device, and time of a session's last use, to five minutes.

    allauth's own would write at each request and move every view into a thread.
    """

    def __init__(self, get_response: Callable[[HttpRequest], Any]) -> None:
        super().__init__(get_response)
        self._noted: dict[tuple[str, str, str], float] = {}

    def process_view(
        self, request: HttpRequest, view: Any, args: Any, kwargs: Any
    ) -> HttpResponse | None:
        """Record the use before the view runs."""
        key = request.session.session_key
        if not key or not request.user.is_authenticated:
            return None
        agent = request.headers.get("User-Agent", "")
        use = (key, request.META.get("REMOTE_ADDR", ""), agent[:200])
        now = time.monotonic()
        if now - self._noted.get(use, -_NOTED_EVERY) >= _NOTED_EVERY:
            if len(self._noted) >= _REMEMBERED:
                self._noted.clear()
            self._noted[use] = now
            note(partial(UserSession.objects.create_from_request, request))
        return None


def of(user: User, current_key: str | None = None) -> list[SignedIn]:
    """Return the valid sessions of `user`, the most recently used first."""
    found = sorted(
        UserSession.objects.purge_and_list(user), key=lambda each: each.last_seen_at, reverse=True
    )
    return [
        SignedIn(
            pk=each.pk,
            device=label(each.user_agent),
            address=each.ip,
            since=each.created_at,
            last_used=each.last_seen_at,
            current=each.session_key == current_key,
        )
        for each in found
    ]


@transaction.atomic
def end(user: User, session: int, *, actor: Actor) -> bool:
    """End one session of `user`. Audited. Return False if it does not exist."""
    found = UserSession.objects.filter(user=user, pk=session).first()
    if found is None:
        return False
    what = {"device": device(found.user_agent), "address": found.ip}
    found.end()
    record("session.ended", actor=actor, target=user.get_username(), parameters=what)
    return True


@transaction.atomic
def end_all(user: User, *, actor: Actor, but: str | None = None) -> int:
    """End every session of `user` except the one with the key `but`. Audited. Return the count."""
    # Not through UserSession: a session without a request since its sign-in has no row there.
    theirs = [
        session.session_key
        for session in Session.objects.filter(expire_date__gt=timezone.now()).iterator()
        if session.get_decoded().get("_auth_user_id") == str(user.pk)
    ]
    ending = [key for key in theirs if key != but]
    Session.objects.filter(session_key__in=ending).delete()
    UserSession.objects.filter(user=user, session_key__in=ending).delete()
    if ending:
        parameters = {"count": len(ending)}
        record("session.ended", actor=actor, target=user.get_username(), parameters=parameters)
    return len(ending)

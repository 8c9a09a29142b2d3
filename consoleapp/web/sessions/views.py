"""List and end sessions: the user's own and, for administrators, anybody's."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from consoleapp.accounts import sessions
from consoleapp.accounts.access import require_admin
from consoleapp.accounts.models import User
from consoleapp.core.actor import Actor
from consoleapp.core.requests import Request


@require_safe
@login_required
def mine(request: Request) -> HttpResponse:
    """List my sessions."""
    found = sessions.of(request.user, request.session.session_key)
    return render(request, "sessions/mine.html", {"sessions": found})


@require_POST
@login_required
def end_mine(request: Request, session: int) -> HttpResponse:
    """End one of my sessions."""
    if not sessions.end(request.user, session, actor=Actor.of(request)):
        raise Http404("you have no such session")
    messages.success(request, _("That session is ended."))
    return redirect("sessions:mine")


@require_POST
@login_required
def end_others(request: Request) -> HttpResponse:
    """End all of my other sessions. The current one continues under a new key."""
    request.session.cycle_key()
    here = request.session.session_key
    count = sessions.end_all(request.user, actor=Actor.of(request), but=here)
    text = ngettext("%(count)s other session ended.", "%(count)s other sessions ended.", count)
    messages.success(request, text % {"count": count})
    return redirect("sessions:mine")


@require_safe
@require_admin
def theirs(request: Request, user_id: int) -> HttpResponse:
    """List a user's sessions."""
    person = get_object_or_404(User, pk=user_id)
    found = sessions.of(person, request.session.session_key)
    return render(request, "sessions/theirs.html", {"person": person, "sessions": found})


@require_POST
@require_admin
def end_theirs(request: Request, user_id: int, session: int) -> HttpResponse:
    """End one of a user's sessions."""
    person = get_object_or_404(User, pk=user_id)
    if not sessions.end(person, session, actor=Actor.of(request)):
        raise Http404("they have no such session")
    messages.success(request, _("That session is ended."))
    return redirect("sessions:theirs", person.pk)


@require_POST
@require_admin
def end_all_theirs(request: Request, user_id: int) -> HttpResponse:
    """End all of a user's sessions (except one's own current one)."""
    person = get_object_or_404(User, pk=user_id)
    here = request.session.session_key
    count = sessions.end_all(person, actor=Actor.of(request), but=here)
    text = ngettext("%(count)s session ended.", "%(count)s sessions ended.", count)
    messages.success(request, text % {"count": count})
    return redirect("sessions:theirs", person.pk)

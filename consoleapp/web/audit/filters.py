"""Which audit events a person may read, and what one may narrow them by."""

from datetime import date, datetime, time

from django import forms
from django.db.models import Q, QuerySet
from django.utils import timezone

from consoleapp.accounts.models import User
from consoleapp.audit.models import Event
from consoleapp.audit.search import Criteria
from consoleapp.audit.words import Clauses, named
from consoleapp.web.accounts.roles import accounts_with_roles
from engine.schema.kinds import KINDS
from engine.schema.parameters import Role

# The first words of the actions there are; "operation" finds every "operation.…".
ACTIONS = (
    "operation",
    "sign-in",
    "sign-out",
    "lockout",
    "session",
    "second-factor",
    "invitation",
    "service",
    "access",
    "user",
    "group",
    "grant",
    "account",
    "token",
    "terminal",
    "recording",
    "template",
    "audit",
)
_SEVERAL = {"action": "actions", "kind": "kinds", "target": "targets"}


def readable(user: User) -> Clauses:
    """What a readable event must have, in words of the index.

    Administrators read all; others what they did, and what was done on accounts they own.
    """
    if user.is_superuser:
        return []
    owned = [named("account_id", account) for account in _owned(user)]
    return [[named("actor_id", user.pk), *owned]]


def readable_events(user: User) -> QuerySet[Event]:
    """The same as rows."""
    if user.is_superuser:
        return Event.objects.all()
    return Event.objects.filter(Q(actor=user.pk) | Q(account__in=_owned(user)))


def _owned(user: User) -> list[int]:
    return [account.pk for account, role in accounts_with_roles(user) if role.covers(Role.OWNER)]


class EventFilters(forms.Form):
    """All fields are optional; a value that makes no sense is left out of the query."""

    q = forms.CharField(required=False, max_length=200, label="Search")
    action = forms.ChoiceField(
        required=False, label="Action", choices=[("", "Any action"), *((a, a) for a in ACTIONS)]
    )
    kind = forms.ChoiceField(
        required=False,
        label="Kind of operation",
        choices=[("", "Any kind"), *((kind, model.label) for kind, model in KINDS.items())],
    )
    person = forms.CharField(required=False, max_length=150, label="Person")
    account = forms.CharField(required=False, max_length=220, label="Account")
    target = forms.CharField(required=False, max_length=600, label="Object")
    outcome = forms.CharField(required=False, max_length=40, label="Outcome")
    since = forms.DateField(required=False, label="Since")
    until = forms.DateField(required=False, label="Until")

    @property
    def criteria(self) -> Criteria:
        """What is asked for."""
        self.is_valid()
        asked = self.cleaned_data
        since, until = asked.get("since"), asked.get("until")
        return Criteria(
            words=asked.get("q", ""),
            **{many: (asked[one],) for one, many in _SEVERAL.items() if asked.get(one)},
            **{name: asked.get(name, "") for name in ("person", "account", "outcome")},
            since=_at(since, time.min) if since else None,
            until=_at(until, time.max) if until else None,
        )

    @property
    def is_narrowed(self) -> bool:
        """Whether anything at all is asked for."""
        return self.criteria != Criteria()


def _at(day: date, moment: time) -> datetime:
    return timezone.make_aware(datetime.combine(day, moment))

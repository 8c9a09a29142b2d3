"""Which audit events a person may read, and what one may narrow them by."""

from datetime import date, datetime, time

from django import forms
from django.db.models import Q, QuerySet
from django.utils import timezone

from consoleapp.accounts.models import User
from consoleapp.audit.models import Event
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
    "template",
)


def readable_events(user: User) -> QuerySet[Event]:
    """Administrators read all; others what they did, and what was done on accounts they own."""
    if user.is_superuser:
        return Event.objects.all()
    owned = [account.pk for account, role in accounts_with_roles(user) if role.covers(Role.OWNER)]
    return Event.objects.filter(Q(account__in=owned) | Q(actor=user))


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
    account = forms.CharField(required=False, max_length=100, label="Account")
    outcome = forms.CharField(required=False, max_length=40, label="Outcome")
    since = forms.DateField(required=False, label="Since")
    until = forms.DateField(required=False, label="Until")

    def apply(self, events: QuerySet[Event]) -> QuerySet[Event]:
        """`events` narrowed as asked, newest first."""
        self.is_valid()
        asked = self.cleaned_data
        if asked.get("q"):
            words = asked["q"]
            events = events.filter(
                Q(target__icontains=words)
                | Q(detail__icontains=words)
                | Q(action__icontains=words)
                | Q(kind__icontains=words)
                | Q(actor_name__icontains=words)
                | Q(ip__icontains=words)
            )
        if asked.get("action"):
            exact = Q(action=asked["action"]) | Q(action__startswith=f"{asked['action']}.")
            events = events.filter(exact)
        if asked.get("kind"):
            events = events.filter(kind=asked["kind"])
        if asked.get("person"):
            events = events.filter(actor_name__iexact=asked["person"])
        if asked.get("account"):
            events = events.filter(account_name__iexact=asked["account"])
        if asked.get("outcome"):
            events = events.filter(outcome=asked["outcome"])
        if asked.get("since"):
            events = events.filter(at__gte=_at(asked["since"], time.min))
        if asked.get("until"):
            events = events.filter(at__lte=_at(asked["until"], time.max))
        return events.order_by("-at", "-pk")

    @property
    def is_narrowed(self) -> bool:
        """Whether anything at all is asked for."""
        return any(self.cleaned_data.get(name) for name in self.fields)


def _at(day: date, moment: time) -> datetime:
    return timezone.make_aware(datetime.combine(day, moment))

"""The filters of a list of audit events."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from consoleapp.audit.search import Criteria
from consoleapp.i18n.rendering import in_language
from consoleapp.web import days
from consoleapp.web.choices import choices_of
from engine.schema.kinds import KINDS

# The first words of all actions; "operation" matches every "operation.…".
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


class EventFilters(forms.Form):
    """All fields are optional. Invalid values are omitted from the query."""

    q = forms.CharField(required=False, max_length=200, label=gettext_lazy("Search"))
    action = forms.ChoiceField(required=False, label=gettext_lazy("Action"))
    kind = forms.ChoiceField(
        required=False,
        label=gettext_lazy("Kind of operation"),
    )
    user = forms.CharField(required=False, max_length=150, label=gettext_lazy("User"))
    account = forms.CharField(required=False, max_length=220, label=gettext_lazy("Account"))
    target = forms.CharField(required=False, max_length=600, label=gettext_lazy("Object"))
    outcome = forms.CharField(required=False, max_length=40, label=gettext_lazy("Outcome"))
    since = forms.DateField(required=False, label=gettext_lazy("Since"))
    until = forms.DateField(required=False, label=gettext_lazy("Until"))

    def __init__(self, data: Mapping[str, Any] | None) -> None:
        super().__init__(data)
        choices_of(self, "action").choices = [
            ("", _("Any action")),
            *((action, in_language(action)) for action in ACTIONS),
        ]
        choices_of(self, "kind").choices = [
            ("", _("Any kind")),
            *((kind, in_language(model.label)) for kind, model in KINDS.items()),
        ]

    @property
    def criteria(self) -> Criteria:
        """Return the search criteria."""
        self.is_valid()
        values = self.cleaned_data
        since, until = values.get("since"), values.get("until")
        return Criteria(
            words=values.get("q", ""),
            **{many: (values[one],) for one, many in _SEVERAL.items() if values.get(one)},
            person=values.get("user", ""),
            account=values.get("account", ""),
            outcome=values.get("outcome", ""),
            since=days.begin(since) if since else None,
            until=days.end(until) if until else None,
        )

    @property
    def is_narrowed(self) -> bool:
        """Return whether any filter is set."""
        return self.criteria != Criteria()

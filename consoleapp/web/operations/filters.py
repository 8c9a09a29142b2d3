"""The filters of a list of operations, read from the query string."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.db.models import F, Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from consoleapp.accounts.access import visible_accounts
from consoleapp.accounts.models import User
from consoleapp.i18n.rendering import in_language
from consoleapp.operations.models import Operation
from consoleapp.operations.states import State
from consoleapp.web import days
from consoleapp.web.choices import choices_of
from engine.schema.kinds import KINDS

SORTS = {
    "newest": [F("requested_at").desc()],
    "oldest": [F("requested_at").asc()],
    "ended": [F("ended_at").desc(nulls_first=True)],
    "kind": [F("kind").asc(), F("requested_at").desc()],
    "target": [F("target").asc(), F("requested_at").desc()],
    "state": [F("state").asc(), F("requested_at").desc()],
}
_SORT_WORDS = {
    "newest": gettext_lazy("Newest first"),
    "oldest": gettext_lazy("Oldest first"),
    "ended": gettext_lazy("Ended last first"),
    "kind": gettext_lazy("By kind"),
    "target": gettext_lazy("By target"),
    "state": gettext_lazy("By state"),
}


class OperationFilters(forms.Form):
    """All fields are optional. Invalid values are omitted from the query."""

    q = forms.CharField(required=False, max_length=200, label=gettext_lazy("Search"))
    state = forms.ChoiceField(required=False, label=gettext_lazy("State"))
    kind = forms.ChoiceField(required=False, label=gettext_lazy("Kind"))
    account = forms.ChoiceField(required=False, label=gettext_lazy("Account"))
    user = forms.CharField(required=False, max_length=150, label=gettext_lazy("User"))
    since = forms.DateField(required=False, label=gettext_lazy("Since"))
    until = forms.DateField(required=False, label=gettext_lazy("Until"))
    sort = forms.ChoiceField(
        required=False, label=gettext_lazy("Sort"), choices=list(_SORT_WORDS.items())
    )

    def __init__(
        self, data: Mapping[str, Any] | None, user: User, *, with_account: bool = True
    ) -> None:
        super().__init__(data)
        choices_of(self, "state").choices = [
            ("", _("Any state")),
            ("unfinished", _("unfinished")),
            *((state.value, in_language(state.value)) for state in State),
        ]
        choices_of(self, "kind").choices = [
            ("", _("Any kind")),
            *((kind, in_language(model.label)) for kind, model in KINDS.items()),
        ]
        if with_account:
            keys = visible_accounts(user).values_list("key", flat=True)
            choices_of(self, "account").choices = [
                ("", _("Any account")),
                *((key, key) for key in keys),
            ]
        else:
            del self.fields["account"]

    def apply(self, operations: QuerySet[Operation]) -> QuerySet[Operation]:
        """Return `operations`, filtered and sorted."""
        self.is_valid()
        values = self.cleaned_data
        if values.get("q"):
            words = values["q"]
            operations = operations.filter(
                Q(target__icontains=words)
                | Q(kind__icontains=words)
                | Q(actor_name__icontains=words)
                | Q(pk__startswith=words.replace("-", "").lower())
            )
        if values.get("state") == "unfinished":
            operations = operations.filter(ended_at=None)
        elif values.get("state"):
            operations = operations.filter(state=values["state"])
        if values.get("kind"):
            operations = operations.filter(kind=values["kind"])
        if values.get("account"):
            operations = operations.filter(account__key=values["account"])
        if values.get("user"):
            operations = operations.filter(actor_name__iexact=values["user"])
        if values.get("since"):
            operations = operations.filter(requested_at__gte=days.begin(values["since"]))
        if values.get("until"):
            operations = operations.filter(requested_at__lte=days.end(values["until"]))
        return operations.order_by(*SORTS[values.get("sort") or "newest"], "pk")

    @property
    def is_narrowed(self) -> bool:
        """Return whether any filter is set, apart from the order."""
        return any(self.cleaned_data.get(name) for name in self.fields if name != "sort")

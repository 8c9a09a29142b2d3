"""The filters of the list of recordings."""

from django import forms
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy

from consoleapp.recordings.models import How, Recording
from consoleapp.web import days


class RecordingFilters(forms.Form):
    """All fields are optional. Invalid values are omitted from the query."""

    user = forms.CharField(required=False, max_length=150)
    account = forms.CharField(required=False, max_length=220)
    container = forms.CharField(required=False, max_length=255)
    how = forms.ChoiceField(
        required=False,
        label=gettext_lazy("Outcome"),
        choices=[("", gettext_lazy("Any outcome")), *How.choices],
    )
    since = forms.DateField(required=False)
    until = forms.DateField(required=False)

    def narrow(self, rows: QuerySet[Recording]) -> QuerySet[Recording]:
        """Return the matching `rows`."""
        self.is_valid()
        values = self.cleaned_data
        if user := values.get("user"):
            rows = rows.filter(person_name=user)
        if account := values.get("account"):
            rows = rows.filter(account_name=account)
        if container := values.get("container"):
            rows = rows.filter(Q(container__startswith=container) | Q(container_name=container))
        if how := values.get("how"):
            rows = rows.filter(how=how)
        if since := values.get("since"):
            rows = rows.filter(begun_at__gte=days.begin(since))
        if until := values.get("until"):
            rows = rows.filter(begun_at__lte=days.end(until))
        return rows

    @property
    def is_narrowed(self) -> bool:
        """Return whether any filter is set."""
        self.is_valid()
        return any(self.cleaned_data.values())

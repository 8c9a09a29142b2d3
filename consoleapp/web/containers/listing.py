"""The rows of the containers page: filtered, sorted, and counted by state."""

from collections import Counter

from django import forms
from django.utils.translation import gettext_lazy, pgettext_lazy

from consoleapp.web.chips import Chip
from engine.schema.parameters import redact_word
from engine.schema.snapshot import ContainerRow

STATES = (
    ("", gettext_lazy("All")),
    ("running", gettext_lazy("Running")),
    ("paused", gettext_lazy("Paused")),
    ("exited", gettext_lazy("Exited")),
    ("created", pgettext_lazy("state", "Created")),
    ("other", gettext_lazy("Other")),
    ("unhealthy", gettext_lazy("Unhealthy")),
)
SORT = [
    ("", gettext_lazy("Newest first")),
    ("oldest", gettext_lazy("Oldest first")),
    ("name", gettext_lazy("By name")),
    ("image", gettext_lazy("By image")),
    ("state", gettext_lazy("By state")),
]
ROWS = [
    ("", gettext_lazy("100 rows")),
    ("50", gettext_lazy("50 rows")),
    ("500", gettext_lazy("500 rows")),
]
_NAMED = ("running", "paused", "created")
_OVER = ("exited",)


class Filter(forms.Form):
    """The toolbar of the list. Invalid values count as missing."""

    q = forms.CharField(required=False, max_length=200, label=gettext_lazy("Search"))
    state = forms.ChoiceField(choices=STATES, required=False, label=gettext_lazy("State"))
    sort = forms.ChoiceField(choices=SORT, required=False, label=gettext_lazy("Order"))
    rows = forms.ChoiceField(choices=ROWS, required=False, label=gettext_lazy("Rows per page"))

    def chosen(self, name: str) -> str:
        """Return the value of a field, "" if it is missing or invalid."""
        self.is_valid()
        return str(self.cleaned_data.get(name) or "")

    @property
    def rows_a_page(self) -> int:
        """Return the number of rows per page."""
        return int(self.chosen("rows") or 100)

    @property
    def is_narrowed(self) -> bool:
        """Return whether some containers may be hidden."""
        return bool(self.chosen("q") or self.chosen("state"))


def chosen(containers: list[ContainerRow], choice: Filter) -> list[ContainerRow]:
    """Return the containers that match the toolbar, in its order."""
    state = choice.chosen("state")
    found = [row for row in _searched(containers, choice) if not state or state in _states(row)]
    match choice.chosen("sort"):
        case "oldest":
            return sorted(found, key=lambda row: (row.created, row.name))
        case "name":
            return sorted(found, key=lambda row: row.name.lower())
        case "image":
            return sorted(found, key=lambda row: (row.image, row.name.lower()))
        case "state":
            return sorted(found, key=lambda row: (row.state, row.name.lower()))
    return sorted(found, key=lambda row: (-row.created.timestamp(), row.name))


def chips(containers: list[ContainerRow], choice: Filter) -> list[Chip]:
    """Return the occurring states (and the selected one), counted among the search results."""
    found = _searched(containers, choice)
    counts = Counter(state for row in found for state in _states(row))
    current = choice.chosen("state")
    return [
        Chip(value, label, counts[value] if value else len(found), value == current)
        for value, label in STATES
        if not value or counts[value] or value == current
    ]


def _searched(containers: list[ContainerRow], choice: Filter) -> list[ContainerRow]:
    wanted = choice.chosen("q").lower()
    return [row for row in containers if not row.infra and _mentions(row, wanted)]


def _states(row: ContainerRow) -> set[str]:
    named = "exited" if row.state in _OVER else row.state if row.state in _NAMED else "other"
    return {named, "unhealthy"} if row.health == "unhealthy" else {named}


def _mentions(row: ContainerRow, wanted: str) -> bool:
    if not wanted:
        return True
    texts = [row.name, row.image, row.id, row.pod, row.unit]
    texts += [port.spell() for port in row.ports]
    texts += [redact_word(f"{name}={value}") for name, value in row.labels.items()]
    return any(wanted in text.lower() for text in texts)

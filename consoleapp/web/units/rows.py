"""The rows of the units page: filtered, sorted, and counted by state."""

from collections import Counter

from django import forms
from django.utils.translation import gettext_lazy

from consoleapp.web.chips import Chip
from engine.schema.snapshot import UnitRow

STATES = (
    ("", gettext_lazy("All")),
    ("active", gettext_lazy("Active")),
    ("failed", gettext_lazy("Failed")),
    ("inactive", gettext_lazy("Inactive")),
    ("changing", gettext_lazy("Changing")),
    ("drift", gettext_lazy("Needs attention")),
)
KINDS = [
    ("", gettext_lazy("All kinds")),
    ("quadlet", gettext_lazy("Quadlets")),
    ("generate-new", gettext_lazy("Generated (--new)")),
    ("generate-classic", gettext_lazy("Generated (classic)")),
    ("other", gettext_lazy("Others")),
]
SORT = [
    ("", gettext_lazy("By name")),
    ("state", gettext_lazy("By state")),
    ("changed", gettext_lazy("Changed last")),
    ("kind", gettext_lazy("By kind")),
]
_CHANGING = ("activating", "deactivating", "reloading")
_WORST_FIRST = ("failed", *_CHANGING, "active", "inactive")


class Filter(forms.Form):
    """The toolbar of the list. Invalid values count as missing."""

    q = forms.CharField(required=False, max_length=200, label=gettext_lazy("Search"))
    state = forms.ChoiceField(choices=STATES, required=False, label=gettext_lazy("State"))
    kind = forms.ChoiceField(choices=KINDS, required=False, label=gettext_lazy("Which units"))
    sort = forms.ChoiceField(choices=SORT, required=False, label=gettext_lazy("Order"))

    def chosen(self, name: str) -> str:
        """Return the value of a field, "" if it is missing or invalid."""
        self.is_valid()
        return str(self.cleaned_data.get(name) or "")

    @property
    def is_narrowed(self) -> bool:
        """Return whether some units may be hidden."""
        return any(self.chosen(name) for name in ("q", "state", "kind"))


def chosen(units: list[UnitRow], choice: Filter) -> list[UnitRow]:
    """Return the units that match the toolbar, in its order."""
    state = choice.chosen("state")
    found = [row for row in _searched(units, choice) if not state or state in states(row)]
    match choice.chosen("sort"):
        case "state":
            return sorted(found, key=lambda row: (_rank(row), row.unit))
        case "changed":
            return sorted(found, key=lambda row: (-_moment(row), row.unit))
        case "kind":
            return sorted(found, key=lambda row: (row.style, row.kind, row.unit))
    return sorted(found, key=lambda row: row.unit.lower())


def chips(units: list[UnitRow], choice: Filter) -> list[Chip]:
    """Return the occurring states (and the selected one), counted among the search results."""
    found = _searched(units, choice)
    counts = Counter(state for row in found for state in states(row))
    current = choice.chosen("state")
    return [
        Chip(value, label, counts[value] if value else len(found), value == current)
        for value, label in STATES
        if not value or counts[value] or value == current
    ]


def states(row: UnitRow) -> set[str]:
    """Return the filters that match a unit."""
    named = "changing" if row.active in _CHANGING else row.active
    return {named, "drift"} if drifts(row) else {named}


def drifts(row: UnitRow) -> bool:
    """Return whether what runs, what is on disk, and what users expect differ."""
    return bool(
        row.needs_reload
        or row.differs
        or row.leftovers
        or row.problem
        or row.warnings
        or row.selinux == "wrong"
    )


def find(units: list[UnitRow], unit: str) -> UnitRow | None:
    """Return the row with that name."""
    return next((row for row in units if row.unit == unit), None)


def of_container(units: list[UnitRow], container: str, label: str = "") -> UnitRow | None:
    """Return the unit that manages a container, according to itself or the container's label."""
    for row in units:
        if container in row.containers:
            return row
    return find(units, label) if label else None


def _searched(units: list[UnitRow], choice: Filter) -> list[UnitRow]:
    wanted, kind = choice.chosen("q").lower(), choice.chosen("kind")
    return [row for row in units if (not kind or row.style == kind) and _mentions(row, wanted)]


def _mentions(row: UnitRow, wanted: str) -> bool:
    texts = (row.unit, row.description, row.file, *row.containers, *row.leftovers)
    return not wanted or any(wanted in text.lower() for text in texts)


def _rank(row: UnitRow) -> int:
    return _WORST_FIRST.index(row.active) if row.active in _WORST_FIRST else len(_WORST_FIRST)


def _moment(row: UnitRow) -> float:
    return row.since.timestamp() if row.since else 0.0

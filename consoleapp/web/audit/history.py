"""The history of a container, from the audit events of its account.

Events refer to a container by its name, its id, or a prefix of the id, and a name may be passed on,
or used again after a removal. So this processes the events in order and tracks who has which name:
a launch starts a *life*, a removal ends it, and a rename moves it.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Any

from consoleapp.accounts.models import LinuxAccount, User
from consoleapp.audit.models import Event
from consoleapp.audit.search import Criteria, matching
from consoleapp.audit.search_index import named
from consoleapp.operations.models import Operation

_MOST_EVENTS = 2000
_MOST_NAMES = 20
_SHORTEST_ID = 4
_MOST_PRUNES = 200


@dataclass
class Life:
    """One container: its names in order, its id ("" if Berth never saw it), and its events."""

    names: list[str]
    id: str = ""
    launched: Event | None = None
    removed: Event | None = None
    events: list[Event] = field(default_factory=list)

    @property
    def users(self) -> list[str]:
        """Return who acted on it, in order."""
        return list(dict.fromkeys(event.actor_name for event in self.events))

    def visible_to(self, user: User) -> "Life":
        """Return it for a user who may not read the account's audit log.

        The pages of operations show that operations ran, but not other users' addresses, nor what
        only the audit log contains.
        """
        visible = []
        for event in self.events:
            if event.actor_id == user.pk:
                visible.append(event)
            elif event.operation:
                event.ip = ""
                visible.append(event)
        return replace(self, events=visible)

    def is_called(self, word: str) -> bool:
        """Return whether `word` is one of its names, its id, or a prefix of the id."""
        return word in self.names or (len(word) >= _SHORTEST_ID and self.id.startswith(word))


def lives_of(account: LinuxAccount, container: str) -> list[Life]:
    """Return the containers that ever had the name or id `container`, newest first."""
    events = _events(account, container)
    operations = {event.operation for event in events if event.operation}
    found = Operation.objects.filter(
        pk__in=operations, kind__in=("container.run", "container.prune")
    )
    results = {operation.pk: operation.result or {} for operation in found}
    lives = [life for life in describe(events, results) if life.is_called(container)]
    return lives[::-1]


def describe(events: Iterable[Event], results: dict[Any, dict[str, Any]]) -> list[Life]:
    """Return the lives in `events` (oldest first). `results` are by operation."""
    lives: list[Life] = []
    bearers: dict[str, Life] = {}
    for event in events:
        done = event.outcome == "succeeded"
        result = results.get(event.operation, {}) if done else {}
        if event.kind == "container.prune":
            for life in _all_named(lives, result.get("removed", [])):
                _end(life, event, bearers)
            continue
        if event.kind == "container.run" and done:
            name = result.get("name") or event.target
            life = Life([name], result.get("id", ""), launched=event)
            life.events = _request_of(event, lives)
            lives.append(life)
            bearers[name] = life
        else:
            life = _bearer(event.target, lives, bearers)
        life.events.append(event)
        if event.kind == "container.rename" and done:
            _rename(life, event, bearers)
        elif event.kind == "container.remove" and done:
            _end(life, event, bearers)
    return [life for life in lives if life.events]


def _events(account: LinuxAccount, container: str) -> list[Event]:
    """Return the events about everything ever called `container`, oldest first."""
    names = {container}
    known: set[str] = set()
    while names - known and len(known) < _MOST_NAMES:
        known |= names
        names |= _other_names(account, names)
    mine = [[named("account_id", account.pk)]]
    targets = tuple(sorted({*names, *_short(names)}))
    answer = matching(mine, Criteria(kinds=("container",), targets=targets))
    pruned = matching(mine, Criteria(kinds=("container.prune",), outcome="succeeded"))
    events = [*islice(answer, _MOST_EVENTS), *islice(pruned, _MOST_PRUNES)]
    return sorted({event.pk: event for event in events}.values(), key=lambda e: e.pk)


def _other_names(account: LinuxAccount, names: set[str]) -> set[str]:
    """Return other names of these containers: ids, and names before and after a rename."""
    found: set[str] = set()
    of_account = Operation.objects.filter(account=account, state="succeeded")
    launches = of_account.filter(kind="container.run")
    for word in names:
        by_name = launches.filter(target=word) | launches.filter(result__name=word)
        by_id = launches.filter(result__id__startswith=word) if len(word) >= 12 else launches.none()
        for result in (by_name | by_id).values_list("result", flat=True)[:50]:
            found |= {result.get("id", ""), result.get("name", "")} if result else set()
    renames = of_account.filter(kind="container.rename")
    either = renames.filter(target__in=names) | renames.filter(parameters__name__in=list(names))
    for target, parameters in either.values_list("target", "parameters")[:50]:
        found |= {target, str(parameters.get("name", ""))}
    return found - {""}


def _short(names: set[str]) -> list[str]:
    return [name[:12] for name in names if len(name) == 64]


def _bearer(target: str, lives: list[Life], bearers: dict[str, Life]) -> Life:
    """Return the current holder of `target`, or a new one if Berth did not see its start."""
    if target in bearers:
        return bearers[target]
    for life in reversed(lives):
        if life.removed is None and life.is_called(target):
            return life
    life = Life([target])
    lives.append(life)
    bearers[target] = life
    return life


def _request_of(event: Event, lives: list[Life]) -> list[Event]:
    """Return a launch's events before its success, which belong to the new life."""
    taken: list[Event] = []
    for life in lives:
        if event.operation:
            mine = [each for each in life.events if each.operation == event.operation]
            life.events = [each for each in life.events if each not in mine]
            taken += mine
    return taken


def _rename(life: Life, event: Event, bearers: dict[str, Life]) -> None:
    name = str((event.parameters or {}).get("name", ""))
    for old in [old for old, bearer in bearers.items() if bearer is life]:
        del bearers[old]
    if name:
        life.names.append(name)
        bearers[name] = life


def _end(life: Life, event: Event, bearers: dict[str, Life]) -> None:
    life.removed = event
    if event not in life.events:
        life.events.append(event)
    for name in [name for name, bearer in bearers.items() if bearer is life]:
        del bearers[name]


def _all_named(lives: list[Life], removed: list[str]) -> list[Life]:
    return [
        life
        for life in lives
        if life.removed is None and any(life.is_called(word[:64]) for word in removed)
    ]

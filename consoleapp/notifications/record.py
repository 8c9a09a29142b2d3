"""The only way to create notifications and deliveries from something that happened.

A second call with the same key notifies nobody again, so a detector may crash, restart, and report
everything again.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from consoleapp.accounts.models import Host, LinuxAccount
from consoleapp.notifications import queue
from consoleapp.notifications.event_types import EventType
from consoleapp.notifications.models import Delivery, Listened, Notice, Occurrence, Rule
from consoleapp.notifications.subscriptions import rules_for
from consoleapp.snapshots.page_events import notices_changed
from engine.schema.messages import changed

MOST_AN_HOUR = 5
"""Notifications of the same type about the same container. Further ones are only counted."""
WITHIN = timedelta(hours=1)


@dataclass(frozen=True)
class NewOccurrence:
    """A detected occurrence. `object` and `name`: what it happened to, as an id and as a name."""

    event_type: EventType
    key: str
    object: str
    name: str
    at: datetime
    detail: str = ""
    operation: UUID | None = None
    people: frozenset[int] | None = None
    """The only users concerned; None: everybody who may see the account."""


def notify(account: LinuxAccount, new: NewOccurrence) -> Occurrence | None:
    """Notify subscribers. None: there are none, or they already know (or it was only counted)."""
    rules = [r for r in rules_for(account, new.event_type) if r.created_at <= new.at]
    if new.people is not None:
        rules = [rule for rule in rules if rule.user_id in new.people]
    if not rules:
        return None
    with transaction.atomic():
        # The one lock that serializes two who detect the same at the same time.
        LinuxAccount.objects.select_for_update().get(pk=account.pk)
        same = Occurrence.objects.filter(account=account, event_type=new.event_type)
        if same.filter(key=_short(new.key, 200), ended_at=None).exists():
            return None
        if new.event_type is EventType.DISK_FULL:
            rules = _without_disk_notice(account, new, rules)
        of_it = same.filter(object=_short(new.object, 200)).order_by("-at", "-pk")
        recent = list(of_it.filter(at__gt=new.at - WITHIN)[:MOST_AN_HOUR])
        if len(recent) >= MOST_AN_HOUR:
            _group(recent[0], new)
            return None
        occurrence = Occurrence.objects.create(
            account=account,
            event_type=new.event_type,
            key=_short(new.key, 200),
            object=_short(new.object, 200),
            name=_short(new.name, 300),
            detail=_short_message(new.detail, 1000),
            operation=new.operation,
            at=new.at,
            last_at=new.at,
            grouping=len(recent) == MOST_AN_HOUR - 1,
        )
        _deliver(occurrence, rules)
    return occurrence


def found(account: LinuxAccount, ends: list[NewOccurrence]) -> None:
    """Do the same as `happened` for containers that exited while perhaps nobody listened.

    What exited before the account's events were last received was already reported.
    """
    last = Listened.objects.filter(account=account).first()
    for new in ends:
        if last and new.at <= last.until:
            continue
        before = Occurrence.objects.filter(
            account=account, event_type=new.event_type, object=new.object, last_at__gte=new.at
        )
        if not before.exists():
            notify(account, new)


def listened(account: LinuxAccount, until: datetime) -> None:
    """Record that events until then were received."""
    Listened.objects.update_or_create(account=account, defaults={"until": until})


def stand(account: LinuxAccount, states: list[NewOccurrence], *, of: frozenset[EventType]) -> None:
    """Set the current `states`: report new ones, and end those of `of` that are missing."""
    now = timezone.now()
    going_on = Occurrence.objects.filter(account=account, event_type__in=of, ended_at=None)
    keys = {_short(each.key, 200) for each in states}
    over = [row for row in going_on if row.key not in keys]
    if over:
        Occurrence.objects.filter(pk__in=[row.pk for row in over]).update(ended_at=now)
        people = Notice.objects.filter(occurrence__in=over).values_list("user", flat=True)
        notices_changed(account, list(people))
    for new in states:
        notify(account, new)


def _without_disk_notice(
    account: LinuxAccount, new: NewOccurrence, rules: list[Rule]
) -> list[Rule]:
    """Return the rules of users who do not know it yet from another account on the same disk.

    The occurrence is recorded nevertheless, so that it continues while one of the accounts sees it.
    """
    Host.objects.select_for_update().get(pk=account.host_id)
    others = Occurrence.objects.filter(
        account__host=account.host_id,
        event_type=new.event_type,
        key=_short(new.key, 200),
        ended_at=None,
    )
    users = set(Notice.objects.filter(occurrence__in=others).values_list("user", flat=True))
    users |= set(Delivery.objects.filter(occurrence__in=others).values_list("user", flat=True))
    return [rule for rule in rules if rule.user_id not in users]


def _group(newest: Occurrence, new: NewOccurrence) -> None:
    newest.more += 1
    newest.last_at = max(newest.last_at, new.at)
    newest.detail = _short_message(new.detail, 1000)
    if newest.key == _short(new.key, 200):
        newest.ended_at = None  # a state that recurred, and counts once until it is over
    newest.save(update_fields=["more", "last_at", "detail", "ended_at"])
    people = Notice.objects.filter(occurrence=newest).values_list("user", flat=True)
    transaction.on_commit(partial(notices_changed, newest.account, list(people)))


def _deliver(occurrence: Occurrence, rules: list[Rule]) -> None:
    in_page = {rule.user_id for rule in rules if rule.in_page}
    by_email = {rule.user_id for rule in rules if rule.email and rule.user.email}
    hooks = {
        hook.pk: hook
        for rule in rules
        for hook in rule.webhooks.all()
        if hook.active and hook.user_id == rule.user_id
    }
    Notice.objects.bulk_create(Notice(user_id=u, occurrence=occurrence) for u in in_page)
    now = timezone.now()
    to_send = [Delivery(user_id=u, occurrence=occurrence, due_at=now) for u in by_email]
    to_send += [
        Delivery(user_id=hook.user_id, occurrence=occurrence, webhook=hook, due_at=now)
        for hook in hooks.values()
    ]
    Delivery.objects.bulk_create(to_send)
    transaction.on_commit(partial(notices_changed, occurrence.account, sorted(in_page)))
    if to_send:
        transaction.on_commit(queue.wake)


def _short_message(text: str, most: int) -> str:
    """Return the same, still a message unless it is too long."""
    line = changed(text, lambda part: " ".join(part.split()))
    return line if len(line) <= most else _short(line, most)


def _short(text: str, most: int) -> str:
    """Return one line of at most that many characters: names and messages are untrusted."""
    line = " ".join(text.split())
    return line if len(line) <= most else line[: most - 1] + "…"

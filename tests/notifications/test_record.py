"""An occurrence is reported once, to subscribers who may see it, and not too often."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from consoleapp.accounts.models import Grant, Host, LinuxAccount, User
from consoleapp.notifications import words
from consoleapp.notifications.event_types import EventType
from consoleapp.notifications.models import Delivery, Notice, Occurrence
from consoleapp.notifications.record import (
    MOST_AN_HOUR,
    NewOccurrence,
    found,
    listened,
    notify,
    stand,
)
from consoleapp.notifications.subscriptions import wanted_accounts
from consoleapp.notifications.sweeping import remove_old
from consoleapp.operations.models import Operation
from consoleapp.operations.states import State
from consoleapp.worker.completion import finish
from engine.schema.containers import ContainerStop
from engine.schema.errors import ErrorCode, ErrorReport
from tests.fixtures.notifications import CONTAINER, death, hook, illness, rule
from tests.fixtures.people import by

UNHEALTHY = frozenset({EventType.CONTAINER_UNHEALTHY})


def notices_of(user: User) -> list[str]:
    notices = Notice.objects.filter(user=user).order_by("pk")
    return [words.title(each.occurrence) for each in notices]


def test_who_wants_to_know_and_may_see_it_is_told_once(
    web: LinuxAccount, olga: User, victor: User, admin: User
) -> None:
    rule(olga)
    rule(admin)
    stranger = User.objects.create(username="stina")
    rule(stranger)
    assert notify(web, death())
    assert notify(web, death()) is None
    assert notices_of(olga) == notices_of(admin) == ["web exited with an error"]
    assert not notices_of(victor)
    assert not notices_of(stranger)


def test_a_rule_is_about_its_accounts_and_happenings_only(
    web: LinuxAccount, other: LinuxAccount, admin: User, olga: User
) -> None:
    rule(admin, accounts=[other])
    rule(olga, event_types=["operation.failed"])
    assert notify(web, death()) is None
    assert notify(other, death())
    assert len(notices_of(admin)) == 1
    assert not notices_of(olga)


def test_two_rules_of_one_person_make_one_notice_and_one_delivery(
    web: LinuxAccount, olga: User
) -> None:
    webhook, _ = hook(olga, "https://hook.example/")
    rule(olga, webhooks=[webhook])
    rule(olga, webhooks=[webhook], accounts=[web])
    notify(web, death())
    assert len(notices_of(olga)) == 1
    assert Delivery.objects.count() == 1


def test_what_happened_before_somebody_asked_is_not_told(web: LinuxAccount, olga: User) -> None:
    rule(olga)
    assert notify(web, death(at=timezone.now() - timedelta(days=10))) is None


def test_a_flapping_container_is_told_so_often_and_counted_from_then_on(
    web: LinuxAccount, olga: User
) -> None:
    rule(olga)
    began = timezone.now() - timedelta(minutes=30)
    for number in range(MOST_AN_HOUR + 3):
        notify(web, death(str(number), began + timedelta(seconds=number)))
    assert len(notices_of(olga)) == MOST_AN_HOUR
    last = Occurrence.objects.latest("at")
    assert last.more == 3
    assert "3 times more" in words.grouped(last)
    first = Occurrence.objects.earliest("at")
    assert not words.grouped(first)
    assert notify(web, death("another", container="d" * 64)), "another container is told"
    assert notify(web, death("later", began + timedelta(hours=2))), "so is a later hour"


def test_the_last_one_that_is_told_says_so(web: LinuxAccount, olga: User) -> None:
    rule(olga)
    for number in range(MOST_AN_HOUR):
        notify(web, death(str(number)))
    assert "counted here" in words.grouped(Occurrence.objects.latest("pk"))


def test_a_state_is_told_when_it_begins_and_again_only_when_it_was_over(
    web: LinuxAccount, olga: User
) -> None:
    rule(olga)
    stand(web, [illness()], of=UNHEALTHY)
    stand(web, [illness()], of=UNHEALTHY)
    assert notices_of(olga) == ["web is unhealthy"]
    stand(web, [], of=UNHEALTHY)
    assert Occurrence.objects.get().ended_at
    stand(web, [illness()], of=UNHEALTHY)
    assert len(notices_of(olga)) == 2


def test_health_that_comes_and_goes_is_counted_by_its_changes(
    web: LinuxAccount, olga: User
) -> None:
    rule(olga)
    for _ in range(MOST_AN_HOUR + 2):
        for _ in range(3):
            stand(web, [illness()], of=UNHEALTHY)
        stand(web, [], of=UNHEALTHY)
    assert len(notices_of(olga)) == MOST_AN_HOUR
    newest = Occurrence.objects.latest("pk")
    assert newest.more == 2
    assert newest.ended_at


def test_an_end_that_nobody_heard_is_told_once_when_it_is_found(
    web: LinuxAccount, olga: User
) -> None:
    rule(olga)
    now = timezone.now()
    end = death("unheard", now - timedelta(minutes=5))
    listened(web, now)
    found(web, [end])
    assert not notices_of(olga), "it was heard at its time, and judged then"
    listened(web, now - timedelta(minutes=10))
    found(web, [end])
    found(web, [end])
    assert len(notices_of(olga)) == 1


def test_the_first_look_at_an_account_finds_what_ended_since_somebody_asked(
    web: LinuxAccount, olga: User
) -> None:
    rule(olga)
    found(web, [death("before", timezone.now() - timedelta(days=10), "d" * 64), death("since")])
    assert len(notices_of(olga)) == 1


def test_an_end_that_was_heard_is_not_found_again(web: LinuxAccount, olga: User) -> None:
    rule(olga)
    now = timezone.now()
    listened(web, now - timedelta(minutes=10))
    notify(web, death("heard", now))
    # Podman's list has whole seconds, and the moment before the event.
    found(web, [death("found", now.replace(microsecond=0))])
    assert len(notices_of(olga)) == 1


@pytest.mark.parametrize("state", [State.FAILED, State.LOST])
def test_a_failed_or_lost_operation_is_told_with_its_error(
    web: LinuxAccount, olga: User, state: State
) -> None:
    rule(olga)
    query = ContainerStop(container="db")
    operation = Operation.objects.create(
        kind=query.kind,
        account=web,
        requested_by=olga,
        actor_name="olga",
        source="page",
        parameters=query.public(),
        command=query.command(),
        target="db",
        lane=query.lane,
        requested_at=timezone.now(),
        state=State.RUNNING,
        started_at=timezone.now(),
    )
    report = ErrorReport(code=ErrorCode.NOT_FOUND, message="There is no db.", remedy="")
    assert finish(operation, state, report, fence=0)
    assert by(olga).name in Occurrence.objects.get().detail
    assert "There is no db." in Occurrence.objects.get().detail
    assert notices_of(olga) == ["Stop db failed"]


def test_accounts_are_followed_for_those_who_want_to_know_and_may(
    web: LinuxAccount, other: LinuxAccount, olga: User, victor: User
) -> None:
    assert not wanted_accounts(web.host)
    rule(victor, event_types=["operation.failed"], observed=False)
    assert not wanted_accounts(web.host), "operations end without that"
    rule(olga)
    with CaptureQueriesContext(connection) as queries:
        assert list(wanted_accounts(web.host)) == [web]
    assert len(queries) == 1
    Grant.objects.filter(user=olga).delete()
    assert not wanted_accounts(web.host)


def test_hostile_names_become_one_short_line(web: LinuxAccount, olga: User) -> None:
    rule(olga)
    nasty = death()
    hostile = type(nasty)(
        nasty.event_type, "k" * 999, "../../x", "a\r\nBcc: you@evil.example\n" * 99, nasty.at
    )
    occurrence = notify(web, hostile)
    assert occurrence
    assert "\n" not in occurrence.name
    assert len(occurrence.name) <= 300
    assert words.place(occurrence) == "/accounts/web/containers/"


def test_what_is_old_goes(web: LinuxAccount, olga: User) -> None:
    rule(olga)
    notify(web, death(container=CONTAINER))
    Occurrence.objects.update(last_at=timezone.now() - timedelta(days=91))
    remove_old()
    assert not Notice.objects.exists()


def full(key: str) -> NewOccurrence:
    return NewOccurrence(EventType.DISK_FULL, key, "/home", "Disk", at=timezone.now())


def test_a_disk_that_accounts_share_is_told_each_person_once(
    web: LinuxAccount, other: LinuxAccount, admin: User, olga: User
) -> None:
    webhook, _ = hook(admin, "https://hook.example/")
    rule(olga)
    rule(admin, accounts=[other], webhooks=[webhook], in_page=False)
    disks = frozenset({EventType.DISK_FULL})
    for account in (web, other, web, other):
        stand(account, [full("8:1")], of=disks)
    assert notices_of(olga) == ["The disk is nearly full"]
    assert Delivery.objects.count() == 1
    rule(admin)
    stand(other, [full("8:2")], of=disks)
    assert notices_of(admin) == ["The disk is nearly full"]
    stand(web, [], of=disks)
    assert Occurrence.objects.filter(ended_at=None).count() == 1


def test_a_disk_that_two_accounts_share_is_told_a_person_of_both_once(
    web: LinuxAccount, other: LinuxAccount, admin: User
) -> None:
    rule(admin)
    elsewhere = LinuxAccount.objects.create(
        host=Host.objects.create(name="far"), name="far", key="far", uid=4244, socket="/nowhere"
    )
    for account in (web, other, elsewhere):
        notify(account, full("8:1"))
    assert len(notices_of(admin)) == 2
    assert Occurrence.objects.count() == 3

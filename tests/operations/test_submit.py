"""Submitting: the row and its audit event, permissions, keys, secrets, cancelling, retrying."""

import json

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from consoleapp.accounts import tokens
from consoleapp.accounts.models import LinuxAccount, User
from consoleapp.audit.models import Event
from consoleapp.core.encryption import Unreadable
from consoleapp.core.errors import Conflict, Refused
from consoleapp.operations import broker, secret_parameters
from consoleapp.operations.models import Operation
from consoleapp.operations.states import WAITING, State, move
from consoleapp.operations.submit import cancel, retry, submit
from engine.schema.containers import ContainerRestart, ContainerRun
from engine.schema.images import ImagePull
from tests.fixtures.people import by

pytestmark = pytest.mark.django_db
RESTART = ContainerRestart(container="shop")
Sent = list[tuple[str, str]]


@pytest.mark.django_db(transaction=True)
def test_a_request_is_a_row_an_event_and_a_message(
    web: LinuxAccount, olga: User, sent: Sent
) -> None:
    operation = submit(web, RESTART, actor=by(olga))
    assert operation.state == State.QUEUED
    assert operation.command == ["podman", "restart", "--", "shop"]
    assert sent == [(broker.EXECUTE, str(operation.pk))]
    event = Event.objects.get(action="operation.requested")
    assert (event.actor, event.actor_name, event.ip) == (olga, "olga", "192.0.2.7")
    assert (event.account, event.account_name) == (web, "web")
    assert (event.operation, event.kind, event.target) == (
        operation.pk,
        "container.restart",
        "shop",
    )
    assert event.parameters == {"container": "shop"}


@pytest.mark.django_db(transaction=True)
def test_without_a_broker_it_is_accepted_and_says_that_it_is_not_queued_yet(
    web: LinuxAccount, olga: User, settings: object
) -> None:
    operation = submit(web, RESTART, actor=by(olga))  # no Redis runs at the tests' address
    operation.refresh_from_db()
    assert operation.state == State.REQUESTED


def test_a_viewer_is_refused_and_it_is_written_down(
    web: LinuxAccount, victor: User, sent: Sent
) -> None:
    with pytest.raises(Refused, match="operator"):
        submit(web, RESTART, actor=by(victor))
    assert not Operation.objects.exists()
    event = Event.objects.get(action="access.refused")
    assert (event.actor_name, event.account_name) == ("victor", "web")


def test_an_operator_of_one_account_is_nobody_on_another(
    other: LinuxAccount, olga: User, sent: Sent
) -> None:
    with pytest.raises(Refused):
        submit(other, RESTART, actor=by(olga))


def test_a_token_that_only_reads_requests_nothing(
    web: LinuxAccount, olga: User, sent: Sent
) -> None:
    token, _ = tokens.issue(olga, "ci", "read", None)
    with pytest.raises(Refused, match="only read"):
        submit(web, RESTART, actor=by(olga, token=token))
    assert Event.objects.filter(action="access.refused").exists()


def test_nobody_operates_an_account_that_is_unlinked(
    web: LinuxAccount, admin: User, sent: Sent
) -> None:
    web.active = False
    web.save()
    with pytest.raises(Refused):
        submit(web, RESTART, actor=by(admin))


def test_the_same_key_gives_the_same_operation(web: LinuxAccount, olga: User, sent: Sent) -> None:
    first = submit(web, RESTART, actor=by(olga), idempotency_key="k1")
    again = submit(web, RESTART, actor=by(olga), idempotency_key="k1")
    assert again.pk == first.pk
    assert Event.objects.filter(action="operation.requested").count() == 1


def test_the_same_key_of_somebody_else_is_another_one(
    web: LinuxAccount, olga: User, admin: User, sent: Sent
) -> None:
    first = submit(web, RESTART, actor=by(olga), idempotency_key="k1")
    assert submit(web, RESTART, actor=by(admin), idempotency_key="k1").pk != first.pk


@pytest.mark.parametrize(
    "meant",
    [
        ContainerRestart(container="till"),
        ImagePull(image="registry.example/app", username="u", password="first"),
    ],
)
def test_a_key_that_meant_something_else_is_a_conflict(
    web: LinuxAccount, olga: User, sent: Sent, meant: ContainerRestart | ImagePull
) -> None:
    submit(web, meant, actor=by(olga), idempotency_key="k1")
    changed = (
        RESTART
        if isinstance(meant, ContainerRestart)
        else ImagePull(image="registry.example/app", username="u", password="other")
    )
    with pytest.raises(Conflict):
        submit(web, changed, actor=by(olga), idempotency_key="k1")
    assert Operation.objects.count() == 1


def test_secrets_are_sealed_and_nowhere_else(web: LinuxAccount, olga: User, sent: Sent) -> None:
    pull = ImagePull(image="registry.example/app", username="u", password="hunter22-very")
    run = ContainerRun(image="app", environment={"DB_PASSWORD": "s3cr3t-words", "MODE": "test"})
    with CaptureQueriesContext(
        connection,
    ) as queries:
        operations = [submit(web, p, actor=by(olga)) for p in (pull, run)]
    written = json.dumps([q["sql"] for q in queries.captured_queries])
    assert "hunter22-very" not in written
    assert "s3cr3t-words" not in written
    assert [secret_parameters.parameters_of(o) for o in operations] == [pull, run]
    assert secret_parameters.secrets_in(run) == {"s3cr3t-words"}


def test_a_seal_of_another_key_is_unreadable(web: LinuxAccount, olga: User, sent: Sent) -> None:
    operation = submit(web, ImagePull(image="app", password="hunter22"), actor=by(olga))
    operation.encrypted = operation.encrypted[:-4] + "AAA="
    with pytest.raises(Unreadable):
        secret_parameters.parameters_of(operation)


def test_what_waits_is_cancelled_at_once(web: LinuxAccount, olga: User, sent: Sent) -> None:
    operation = submit(web, RESTART, actor=by(olga))
    cancel(operation, actor=by(olga))
    operation.refresh_from_db()
    assert operation.state == State.CANCELLED
    assert set(Event.objects.values_list("action", flat=True)) >= {
        "operation.cancel_requested",
        "operation.cancelled",
    }


@pytest.mark.django_db(transaction=True)
def test_what_runs_is_cancelled_by_its_engine(web: LinuxAccount, olga: User, sent: Sent) -> None:
    operation = submit(web, RESTART, actor=by(olga))
    move(operation, State.RUNNING, after=WAITING)
    cancel(operation, actor=by(olga))
    operation.refresh_from_db()
    assert operation.state == State.RUNNING
    assert operation.cancel_requested_at is not None
    assert sent[-1] == (broker.CANCEL, str(operation.pk))


def test_what_ended_is_not_cancelled(web: LinuxAccount, olga: User, sent: Sent) -> None:
    operation = submit(web, RESTART, actor=by(olga))
    cancel(operation, actor=by(olga))
    with pytest.raises(Conflict):
        cancel(operation, actor=by(olga))


def test_a_viewer_cancels_nothing(web: LinuxAccount, olga: User, victor: User, sent: Sent) -> None:
    operation = submit(web, RESTART, actor=by(olga))
    with pytest.raises(Refused):
        cancel(operation, actor=by(victor))
    operation.refresh_from_db()
    assert operation.cancel_requested_at is None


def test_a_retry_is_a_new_operation(web: LinuxAccount, olga: User, sent: Sent) -> None:
    first = submit(web, RESTART, actor=by(olga))
    with pytest.raises(Conflict, match="not ended"):
        retry(first, actor=by(olga))
    cancel(first, actor=by(olga))
    again = retry(first, actor=by(olga))
    assert again.pk != first.pk
    assert again.retry_of == first
    assert again.parameters == first.parameters


def test_what_had_a_secret_is_not_retried_without_it(
    web: LinuxAccount, olga: User, sent: Sent
) -> None:
    first = submit(web, ImagePull(image="app", password="hunter22"), actor=by(olga))
    cancel(first, actor=by(olga))
    with pytest.raises(Conflict, match="secret"):
        retry(first, actor=by(olga))


def test_each_line_of_a_secret_is_kept_out_of_what_an_engine_says() -> None:
    run = ContainerRun(image="x", environment={"TLS_KEY": "begin\nhunter2\n\tend\nab"})
    message = secret_parameters.redact(
        {"error": "line 2: 'hunter2' and end"}, secret_parameters.secrets_in(run)
    )
    assert "hunter2" not in str(message)
    assert "'" in message["error"]

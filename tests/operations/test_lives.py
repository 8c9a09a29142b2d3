"""Operations from the request to their end, through a real worker and a real Redis.

Also when one of those, or the engine, is killed in between.
"""

import itertools
import os
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone
from kombu import pools

from consoleapp.accounts.models import Grant, LinuxAccount, User
from consoleapp.audit.models import Event
from consoleapp.celery import app
from consoleapp.operations import queue
from consoleapp.operations.models import Operation
from consoleapp.operations.states import State
from consoleapp.operations.submit import cancel, submit
from consoleapp.worker import run, sweeper
from engine.schema.containers import ContainerRestart, ContainerStart
from engine.schema.images import ImagePull
from engine.schema.parameters import Parameters
from tests.fixtures.people import by
from tests.operations.processes import Processes, until

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def processes(tmp_path: Path, web: LinuxAccount) -> Iterator[Processes]:
    """Run Redis, an engine for `web`, and a worker."""
    started = Processes(tmp_path)
    LinuxAccount.objects.filter(pk=web.pk).update(socket=started.socket, uid=os.getuid())
    web.refresh_from_db()
    try:
        started.start_redis()
        started.start_engine()
        started.start_worker()
        yield started
    finally:
        started.end_all()
        # The next test has its own broker: no connection to this one may survive.
        pools.reset()
        app._after_fork()


def requested(account: LinuxAccount, user: User, parameters: Parameters) -> Operation:
    return submit(account, parameters, actor=by(user))


def now(operation: Operation) -> Operation:
    operation.refresh_from_db()
    return operation


def ended(operation: Operation) -> Operation:
    until(lambda: State(now(operation).state).ended, f"{operation} ends")
    return operation


def expire(operation: Operation) -> None:
    """Simulate the expiry of a dead worker's lease, which takes 30 s."""
    Operation.objects.filter(pk=operation.pk).update(
        lease_until=timezone.now() - timedelta(seconds=1)
    )


def swept_until_ended(operation: Operation) -> Operation:
    def sweep() -> bool:
        sweeper.sweep()
        time.sleep(0.1)
        return State(now(operation).state).ended

    until(sweep, f"{operation} ends")
    return operation


def test_an_operation_runs_and_its_life_is_in_the_audit_log(
    processes: Processes, web: LinuxAccount, olga: User
) -> None:
    done = ended(requested(web, olga, ContainerRestart(container="quick")))
    assert (done.state, done.error) == (State.SUCCEEDED, None)
    assert done.result == {"summary": "did container.restart", "warnings": []}
    assert done.requested_at <= done.started_at <= done.ended_at
    events = Event.objects.filter(operation=done.pk).order_by("pk")
    assert [(e.action, e.outcome) for e in events] == [
        ("operation.requested", ""),
        ("operation.succeeded", "succeeded"),
    ]
    assert {e.actor_name for e in events} == {"olga"}


def test_progress_is_shown_and_a_failure_tells_podmans_words_without_the_secret(
    processes: Processes, web: LinuxAccount, olga: User
) -> None:
    running = requested(web, olga, ContainerRestart(container="gate"))
    until(lambda: (now(running).progress or {}).get("current") == 3, "progress")
    processes.open_gate()
    assert ended(running).state == State.SUCCEEDED
    pull = requested(web, olga, ImagePull(image="fails", username="u", password="hunter22"))
    assert ended(pull).state == State.FAILED
    assert pull.error["message"].startswith("no: ")
    assert "hunter22" not in str(pull.error)
    assert pull.encrypted == ""
    assert not Event.objects.filter(detail__contains="hunter22").exists()
    assert "hunter22" not in processes.log("worker")


def test_what_runs_is_cancelled(processes: Processes, web: LinuxAccount, olga: User) -> None:
    running = requested(web, olga, ContainerRestart(container="hang"))
    until(lambda: now(running).state == State.RUNNING, "it runs")
    cancel(running, actor=by(olga))
    assert ended(running).state == State.CANCELLED


def test_a_grant_that_was_taken_back_meanwhile_stops_it(
    processes: Processes, web: LinuxAccount, olga: User
) -> None:
    first = requested(web, olga, ContainerRestart(container="hang"))
    until(lambda: now(first).state == State.RUNNING, "the first runs")
    second = requested(web, olga, ContainerRestart(container="hang"))
    Grant.objects.filter(user=olga).update(role="viewer")
    cancel(first, actor=by(User.objects.create_superuser(username="boss")))
    assert ended(second).state == State.FAILED
    assert second.error["code"] == "forbidden"
    assert processes.began(second) == 0
    violations_of = Event.objects.filter(action="access.refused", operation=second.pk)
    until(violations_of.exists, "the refusal is in the audit log")


def test_one_at_a_time_a_container_in_the_order_of_the_requests(
    processes: Processes, web: LinuxAccount, olga: User
) -> None:
    query = [requested(web, olga, ContainerRestart(container="gate")) for _ in range(4)]
    until(lambda: processes.began(query[0]), "the first began")
    processes.open_gate()
    for operation in query:
        assert ended(operation).state == State.SUCCEEDED
    for earlier, later in itertools.pairwise(query):
        assert earlier.ended_at <= later.started_at


def test_a_hundred_pulls_hold_up_neither_their_own_account_nor_another(
    processes: Processes, web: LinuxAccount, other: LinuxAccount, olga: User, admin: User
) -> None:
    LinuxAccount.objects.filter(pk=other.pk).update(socket=web.socket, uid=web.uid)
    pulls = [
        requested(web, olga, ImagePull(image=f"{n}/hang", policy="missing")) for n in range(100)
    ]
    for account in (web, other):
        other.refresh_from_db()
        restart = ended(requested(account, admin, ContainerRestart(container="quick")))
        assert restart.state == State.SUCCEEDED
    running = Operation.objects.filter(pk__in=[p.pk for p in pulls], state=State.RUNNING)
    until(lambda: running.count() >= 3, "as many run as may")
    assert running.count() == 3
    assert not any(State(now(pull).state).ended for pull in pulls)
    for pull in pulls:
        cancel(pull, actor=by(admin))


def test_the_worker_is_killed_and_the_engine_went_on(
    processes: Processes, web: LinuxAccount, olga: User
) -> None:
    running = requested(web, olga, ContainerRestart(container="gate"))
    until(lambda: processes.began(running), "the engine began")
    processes.kill("worker")
    expire(now(running))
    processes.start_worker()
    until(lambda: sweeper.sweep() or now(running).fence > 1, "the second worker has it")
    processes.open_gate()
    assert swept_until_ended(running).state == State.SUCCEEDED
    assert running.fence > 1
    assert processes.began(running) == 1


def test_the_worker_is_killed_and_it_ended_while_nobody_listened(
    processes: Processes, web: LinuxAccount, olga: User
) -> None:
    running = requested(web, olga, ContainerRestart(container="gate"))
    until(lambda: processes.began(running), "the engine began")
    processes.kill("worker")
    processes.open_gate()
    until(lambda: processes.ended(running), "the engine ended it")
    expire(now(running))
    assert swept_until_ended(running).state == State.SUCCEEDED
    assert processes.began(running) == 1


def test_a_worker_takes_up_what_a_dead_one_left_without_waiting_for_a_sweep(
    processes: Processes, web: LinuxAccount, olga: User
) -> None:
    running = requested(web, olga, ContainerRestart(container="gate"))
    until(lambda: processes.began(running), "the engine began")
    processes.kill("worker")
    waiting = requested(web, olga, ContainerRestart(container="quick"))
    processes.start_worker()
    until(lambda: now(running).fence > 1, "the second worker has it")
    processes.open_gate()
    for operation in (running, waiting):
        assert ended(operation).state == State.SUCCEEDED
        assert processes.began(operation) == 1


def test_messages_that_died_with_redis_are_sent_again_without_waiting_for_a_sweep(
    processes: Processes, web: LinuxAccount, olga: User
) -> None:
    first = requested(web, olga, ContainerRestart(container="quick"))
    assert ended(first).state == State.SUCCEEDED
    processes.kill("redis")
    accepted = requested(web, olga, ContainerRestart(container="quick"))
    assert now(accepted).state == State.REQUESTED
    processes.start_redis()
    assert ended(accepted).state == State.SUCCEEDED


def test_redis_is_killed_with_everything_that_it_held(
    processes: Processes, web: LinuxAccount, olga: User
) -> None:
    running = requested(web, olga, ContainerRestart(container="gate"))
    waiting = requested(web, olga, ContainerRestart(container="gate"))
    until(lambda: processes.began(running), "the engine began")
    processes.kill("redis")
    accepted = requested(web, olga, ContainerRestart(container="quick"))
    assert now(accepted).state == State.REQUESTED
    processes.start_redis()
    processes.open_gate()
    for operation in (running, waiting, accepted):
        assert swept_until_ended(operation).state == State.SUCCEEDED
        assert processes.began(operation) == 1


@pytest.mark.parametrize(
    ("parameters", "state"),
    [(ContainerRestart(container="gate"), State.LOST)],
)
def test_the_engine_is_killed_in_the_middle(
    processes: Processes, web: LinuxAccount, olga: User, parameters: Parameters, state: State
) -> None:
    running = requested(web, olga, parameters)
    until(lambda: (now(running).progress or {}).get("current") == 3, "progress")
    processes.kill("engine")
    processes.start_engine()
    assert ended(running).state == state
    assert "nobody can tell" in running.error["message"]
    assert processes.began(running) == 1


def test_an_engine_that_makes_no_sense_once_is_asked_again(
    processes: Processes, web: LinuxAccount, olga: User
) -> None:
    done = ended(requested(web, olga, ContainerRestart(container="stutters")))
    assert (done.state, done.error) == (State.SUCCEEDED, None)
    assert processes.began(done) == 1


def test_what_an_engine_that_makes_no_sense_was_asked_for_is_lost_and_not_failed(
    processes: Processes, web: LinuxAccount, olga: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run, "OUT_OF_REACH", 1.5)
    processes.kill("worker")
    operation = requested(web, olga, ContainerRestart(container="raves"))
    claimed = queue.claim(operation.pk, "this test")
    assert claimed
    run.run(claimed.operation, resumed=False)
    assert now(operation).state == State.LOST
    assert "makes no sense" in operation.error["message"]


def test_an_engine_that_is_not_there_for_a_while_is_waited_for(
    processes: Processes, web: LinuxAccount, olga: User
) -> None:
    processes.kill("engine")
    processes.socket.unlink()
    waiting = requested(web, olga, ContainerStart(container="quick"))
    until(lambda: now(waiting).state == State.RUNNING, "a worker has it")
    processes.start_engine()
    assert ended(waiting).state == State.SUCCEEDED


def test_messages_that_mean_nothing_make_nothing_run(
    processes: Processes, web: LinuxAccount, olga: User
) -> None:
    done = ended(requested(web, olga, ContainerRestart(container="quick")))
    for arguments in ([str(done.pk)], ["no id"], [{"x": 1}], [], ["a", "b"], [None]):
        app.send_task("operations.execute", args=arguments, queue="host.local")
        app.send_task("operations.cancel", args=arguments, queue="host.local")
    app.send_task("os.system", args=["touch /tmp/berth-test-pwned"], queue="host.local")
    with app.producer_pool.acquire() as producer:
        for serializer in ("pickle", "yaml"):
            producer.publish(
                b"\x80\x04.",
                routing_key="host.local",
                exchange="",
                content_type=f"application/x-{serializer}",
                content_encoding="binary",
            )
    still = ended(requested(web, olga, ContainerRestart(container="quick")))
    assert still.state == State.SUCCEEDED
    assert processes.began(done) == 1
    assert not Path("/tmp/berth-test-pwned").exists()

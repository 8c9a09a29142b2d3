"""The sweeper after deaths of workers, malformed answers of engines, and clock changes."""

import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.utils import timezone

from consoleapp.accounts.models import Host, LinuxAccount, User
from consoleapp.operations import broker, queue
from consoleapp.operations.models import Operation
from consoleapp.operations.states import State
from consoleapp.operations.submit import cancel, submit
from consoleapp.worker import engine_session, processes, sweeper
from engine.schema.containers import ContainerRestart, ContainerRun, ContainerStart
from engine.schema.manifests import ManifestCreate
from engine.schema.parameters import Parameters
from engine.schema.progress import Interrupted, Running, Unknown
from engine.schema.units import UnitDaemonReload, UnitWrite
from tests.fixtures.people import by

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


def running(
    account: LinuxAccount, user: User, parameters: Parameters | None = None, worker: str = "w:1"
) -> Operation:
    """Create a claimed operation whose lease has expired."""
    operation = submit(account, parameters or ContainerStart(container="c"), actor=by(user))
    claimed = queue.claim(operation.pk, worker)
    assert claimed
    past = timezone.now() - timedelta(seconds=1)
    Operation.objects.filter(pk=operation.pk).update(lease_until=past)
    operation.refresh_from_db()
    return operation


def now(operation: Operation) -> Operation:
    operation.refresh_from_db()
    return operation


def remembers(monkeypatch: pytest.MonkeyPatch, answer: Any) -> None:
    """Set what every engine remembers of every operation, or raises."""

    def recalling(account: LinuxAccount, operation_id: Any) -> Future[Any]:
        future: Future[Any] = Future()
        if isinstance(answer, Exception):
            future.set_exception(answer)
        else:
            future.set_result(answer)
        return future

    monkeypatch.setattr(engine_session, "recalling", recalling)


@pytest.fixture
def garbage(tmp_path: Path, web: LinuxAccount, request: pytest.FixtureRequest) -> Iterator[None]:
    """Run an engine that answers with the test's parameter."""
    place = tmp_path / "engine.sock"
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(place))
        listening.listen()

        def serve() -> None:
            while True:
                try:
                    connection, _ = listening.accept()
                except OSError:
                    return
                with connection:
                    connection.recv(65536)
                    connection.sendall(request.param)

        threading.Thread(target=serve, daemon=True).start()
        LinuxAccount.objects.filter(pk=web.pk).update(socket=place, uid=os.getuid())
        web.refresh_from_db()
        yield
        listening.shutdown(socket.SHUT_RDWR)


def http(body: bytes, status: bytes = b"200 OK") -> bytes:
    return b"HTTP/1.1 %s\r\nContent-Length: %d\r\n\r\n%s" % (status, len(body), body)


@pytest.mark.parametrize(
    "garbage",
    [
        http(b"{{{{"),
        http(b'{"type":"no such type"}'),
        http(b"\xff\xfe\x00"),
        http(b"[" * 5000),
        http(b"null", b"999 What"),
        b"\x00\x01\x02\r\n\r\n",
        b"",
    ],
    ids=["no-json", "no-type", "no-text", "deep", "status", "no-http", "nothing"],
    indirect=True,
)
def test_an_engine_that_answers_garbage_breaks_no_other_part_of_the_sweep(
    garbage: None,
    web: LinuxAccount,
    other: LinuxAccount,
    olga: User,
    admin: User,
    sent: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    hostile = running(web, olga)
    waiting = submit(other, ContainerStart(container="c"), actor=by(admin))
    long_ago = timezone.now() - HOUR
    Operation.objects.filter(pk=waiting.pk).update(requested_at=long_ago, queued_at=long_ago)
    expired: list[Host] = []
    monkeypatch.setattr(sweeper, "expire", expired.append)
    sent.clear()
    sweeper.sweep()
    assert now(hostile).state == State.RUNNING
    assert (broker.EXECUTE, str(waiting.pk)) in sent
    assert expired
    ages_ago = timezone.now() - sweeper.GIVE_UP_AFTER - timedelta(seconds=1)
    Operation.objects.filter(pk=hostile.pk).update(lease_until=ages_ago)
    sweeper.sweep()
    assert now(hostile).state == State.LOST
    assert len(hostile.error["message"]) < 2000


PARTS = ["expire", "resolve_expired", "send_again", "sweeping.send_again", "processes.release_dead"]


@pytest.mark.parametrize("broken", PARTS)
def test_each_part_of_the_sweep_fails_alone(
    web: LinuxAccount, monkeypatch: pytest.MonkeyPatch, broken: str
) -> None:
    called = []
    for part in PARTS:

        def does(*_: Any, part: str = part) -> None:
            called.append(part)
            if part == broken:
                raise RuntimeError("broken")

        monkeypatch.setattr(f"consoleapp.worker.sweeper.{part}", does)
    sweeper.sweep()
    assert sorted(called) == sorted(PARTS)


@pytest.mark.parametrize("kind", ["begun", "never heard of"])
def test_a_cancelled_one_whose_engine_died_is_only_cancelled_if_it_never_began(
    web: LinuxAccount, olga: User, sent: Any, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    operation = running(web, olga)
    cancel(operation, actor=by(olga))
    remembers(monkeypatch, Interrupted() if kind == "begun" else Unknown())
    sweeper.sweep()
    if kind == "begun":
        # Somebody must get the outcome from the engine.
        assert now(operation).state == State.QUEUED
        assert operation.started_at
    else:
        assert now(operation).state == State.CANCELLED


@pytest.mark.parametrize(
    "parameters",
    [
        ContainerRestart(container="c"),
        ContainerRun(image="localhost/x"),
        UnitDaemonReload(),
        UnitWrite(file="containers/systemd/a.container", text="[Container]\n"),
        ManifestCreate(name="localhost/list", images=[]),
    ],
    ids=lambda each: getattr(each, "kind", str(each)),
)
def test_what_the_engine_can_go_on_with_is_not_lost(
    web: LinuxAccount,
    admin: User,
    sent: Any,
    monkeypatch: pytest.MonkeyPatch,
    parameters: Parameters,
) -> None:
    operation = running(web, admin, parameters)
    remembers(monkeypatch, Interrupted())
    sweeper.sweep()
    assert now(operation).state == State.QUEUED


def test_the_lease_of_a_worker_that_was_killed_is_over_at_once(
    web: LinuxAccount, olga: User, sent: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    program = (
        "import sys, django; django.setup()\n"
        "from consoleapp.worker import processes\n"
        "print(processes.identity(), flush=True)\n"
        "sys.stdin.read()"
    )
    environment = os.environ | {
        "BERTH_TESTING": "1",
        "BERTH_DATA": str(settings.BERTH_DATA),
        "DJANGO_SETTINGS_MODULE": "consoleapp.settings",
    }
    with subprocess.Popen(
        [sys.executable, "-c", program],
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as worker:
        assert worker.stdout
        name = worker.stdout.readline().strip()
        operation = running(web, olga, worker=name)
        other_accounts = running(
            web, olga, ContainerStart(container="d"), worker="another-host-7-ab:1"
        )
        leased = timezone.now() + queue.LEASE
        Operation.objects.update(lease_until=leased)
        remembers(monkeypatch, Running())
        sweeper.sweep()
        assert now(operation).state == State.RUNNING
        worker.kill()
        worker.wait()
    sweeper.sweep()
    assert now(operation).state == State.QUEUED
    assert now(other_accounts).state == State.RUNNING
    assert processes.release_dead() == 0


def test_after_the_clock_went_back_leases_and_messages_are_not_waited_for(
    web: LinuxAccount, olga: User, sent: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    leased = running(web, olga)
    Operation.objects.filter(pk=leased.pk).update(lease_until=timezone.now() + HOUR)
    waiting = submit(web, ContainerStart(container="d"), actor=by(olga))
    later = timezone.now() + HOUR
    Operation.objects.filter(pk=waiting.pk).update(requested_at=later, queued_at=later)
    remembers(monkeypatch, Running())
    sent.clear()
    sweeper.sweep()
    assert now(leased).state == State.QUEUED
    assert (broker.EXECUTE, str(waiting.pk)) in sent


def test_a_lease_that_was_taken_this_moment_is_left_alone(
    web: LinuxAccount, olga: User, sent: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    operation = running(web, olga)
    Operation.objects.filter(pk=operation.pk).update(lease_until=timezone.now() + queue.LEASE)
    remembers(monkeypatch, Running())
    sweeper.sweep()
    assert now(operation).state == State.RUNNING

"""A limit on containers applies to simultaneous launches: a claim reserves a slot."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from consoleapp.accounts.models import LinuxAccount, User
from consoleapp.core.actor import Actor
from consoleapp.operations import queue
from consoleapp.operations.models import Operation
from consoleapp.operations.submit import submit
from consoleapp.policies.versions import write
from consoleapp.snapshots import reader
from consoleapp.worker import completion, preflight
from engine.schema.containers import OPERATION_LABEL, ContainerRun
from engine.schema.progress import Cancelled, Succeeded
from engine.schema.snapshot import ContainerRow
from launch.demo import IMAGE
from tests.fixtures.web import container, snapshot

pytestmark = pytest.mark.django_db
ROOT = Actor(user=None)


@pytest.fixture
def shows(sent: list[tuple[str, str]], monkeypatch: pytest.MonkeyPatch) -> Any:
    """Set what the snapshot of every account shows."""

    def show(*rows: ContainerRow, taken: datetime | None = None) -> None:
        known = reader.AccountSnapshot(
            snapshot(*rows), 1, True, "", taken or datetime.now(UTC) - timedelta(hours=1)
        )
        monkeypatch.setattr(reader, "load", lambda account: known)
        monkeypatch.setattr(reader, "fresh_sync", lambda *_, **__: known)

    show()
    return show


def claimed(web: LinuxAccount, user: User, many: int) -> list[Operation]:
    """Return launches that workers have claimed at the same moment."""
    rows = []
    query = [
        submit(web, ContainerRun(image=IMAGE), actor=Actor(user=user, ip="", source="page"))
        for _ in range(many)
    ]
    for operation in query:
        found = queue.claim(operation.pk, "w:1")
        assert found
        rows.append(found.operation)
    return rows


def may(operation: Operation) -> bool:
    return not preflight.against(operation, ContainerRun(image=IMAGE))


def test_eight_launches_at_once_do_not_pass_a_limit_of_four(
    web: LinuxAccount, olga: User, shows: Any
) -> None:
    operations = claimed(web, olga, 8)
    write(web, "containers = 4", actor=ROOT)
    for _ in range(2):  # in any order, and repeatedly
        assert [may(each) for each in reversed(operations)] == [False] * 4 + [True] * 4


def test_what_has_just_been_made_counts_until_the_snapshot_shows_it_and_then_once(
    web: LinuxAccount, olga: User, shows: Any
) -> None:
    first, second = claimed(web, olga, 2)
    write(web, "containers = 1", actor=ROOT)
    assert completion.end(first, Succeeded(result={}), fence=first.fence)
    assert not may(second)
    made = container("web", labels={OPERATION_LABEL: str(first.pk)})
    shows(made, taken=datetime.now(UTC) + timedelta(seconds=1))
    assert not may(second)
    write(web, "containers = 2", actor=ROOT)
    assert may(second)
    shows(made)  # it ended after the snapshot, which already shows it
    assert may(second)


def test_one_that_made_nothing_gives_its_place_back(
    web: LinuxAccount, olga: User, shows: Any
) -> None:
    first, second = claimed(web, olga, 2)
    write(web, "containers = 1", actor=ROOT)
    assert not may(second)
    assert completion.end(first, Cancelled(), fence=first.fence)
    assert may(second)

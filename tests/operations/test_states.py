"""The life of an operation: which state follows which, and who may write."""

import pytest

from consoleapp.accounts.models import LinuxAccount, User
from consoleapp.operations.models import Operation
from consoleapp.operations.states import TRANSITIONS, WAITING, State, move
from consoleapp.operations.submit import submit
from engine.schema.images import ImagePull
from tests.fixtures.people import by

pytestmark = pytest.mark.django_db
ENDED = [state for state in State if state.ended]


@pytest.fixture
def operation(web: LinuxAccount, olga: User, sent: list[object]) -> Operation:
    return submit(
        web, ImagePull(image="registry.example/app:1", password="hunter22"), actor=by(olga)
    )


def test_what_has_ended_stays_as_it_is() -> None:
    never_began = {State.DECLINED, State.EXPIRED}
    assert set(ENDED) == {State.SUCCEEDED, State.FAILED, State.CANCELLED, State.LOST} | never_began
    assert all(TRANSITIONS[state] == frozenset() for state in ENDED)


@pytest.mark.parametrize("end", ENDED)
@pytest.mark.parametrize("to", list(State))
def test_nothing_moves_out_of_an_end(operation: Operation, end: State, to: State) -> None:
    Operation.objects.filter(pk=operation.pk).update(state=end)
    assert not move(operation, to)
    operation.refresh_from_db()
    assert operation.state == end


def test_a_claim_gives_a_new_fence_and_the_old_worker_cannot_write(operation: Operation) -> None:
    assert move(operation, State.RUNNING, after=WAITING)
    old_fence = operation.fence
    assert move(operation, State.QUEUED, fence=old_fence)
    assert move(operation, State.RUNNING, after=WAITING)
    assert operation.fence == old_fence + 1
    assert not move(operation, State.SUCCEEDED, fence=old_fence, result={})
    operation.refresh_from_db()
    assert operation.state == State.RUNNING
    assert operation.result is None
    assert move(operation, State.SUCCEEDED, fence=operation.fence, result={})


def test_only_one_of_two_who_saw_it_waiting_gets_it(operation: Operation) -> None:
    twin = Operation.objects.get(pk=operation.pk)
    assert move(operation, State.RUNNING, after=WAITING)
    assert not move(twin, State.RUNNING, after=WAITING)


def test_the_end_erases_what_was_sealed(operation: Operation) -> None:
    assert operation.encrypted
    move(operation, State.RUNNING, after=WAITING)
    move(operation, State.FAILED, fence=operation.fence)
    operation.refresh_from_db()
    assert operation.encrypted == ""
    assert operation.ended_at is not None
    assert operation.has_secrets

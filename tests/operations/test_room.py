"""How many operations run at once, of which account, and of which kind."""

import json
from typing import Any

import pytest

from consoleapp.accounts.models import LinuxAccount, User
from consoleapp.operations import queue
from consoleapp.operations.models import Operation
from consoleapp.operations.queue import IN_ALL, PER_ACCOUNT, URGENT, claim, next_ones
from consoleapp.operations.states import State
from consoleapp.operations.submit import submit
from consoleapp.worker import completion
from engine.schema.containers import ContainerKill, ContainerStart
from engine.schema.errors import ErrorCode, ErrorReport
from engine.schema.images import ImagePull
from engine.schema.parameters import Lane
from engine.schema.progress import Failed, Succeeded
from tests.fixtures.people import by

pytestmark = pytest.mark.django_db
THREADS = 32


def claimed(operations: list[Operation]) -> int:
    return sum(claim(each.pk, "w:1") is not None for each in operations)


def test_all_room_together_leaves_threads_to_claim_and_to_cancel() -> None:
    assert sum(IN_ALL.values()) <= THREADS - 2
    assert all(PER_ACCOUNT[room] <= IN_ALL[room] // 2 or room == Lane.QUICK for room in IN_ALL)


def test_kills_that_hang_take_their_own_room_only(
    web: LinuxAccount, other: LinuxAccount, olga: User, admin: User, sent: Any
) -> None:
    kills = [submit(web, ContainerKill(container="hang"), actor=by(olga)) for _ in range(40)]
    assert claimed(kills) == PER_ACCOUNT[URGENT]
    starts = [submit(other, ContainerStart(container=f"c{n}"), actor=by(admin)) for n in range(3)]
    urgent = submit(other, ContainerKill(container="c9"), actor=by(admin))
    assert claimed([*starts, urgent]) == 4
    # And the rest follows when one of them ends.
    assert next_ones(web.host) == []
    first = Operation.objects.filter(account=web, state=State.RUNNING).first()
    assert first
    completion.end(first, Succeeded(result={}), fence=first.fence)
    (following,) = next_ones(web.host)
    assert following in {each.pk for each in kills}


def test_two_accounts_whose_engines_hang_leave_room_for_a_third(
    web: LinuxAccount, other: LinuxAccount, admin: User, sent: Any
) -> None:
    third = LinuxAccount.objects.create(
        host=web.host, name="third", key="third", uid=4244, socket="/nowhere/third.sock"
    )
    for parameters in (ContainerStart, ContainerKill):
        for account in (web, other):
            claimed(
                [submit(account, parameters(container=f"c{n}"), actor=by(admin)) for n in range(20)]
            )
    more = [submit(third, ContainerStart(container="c"), actor=by(admin))]
    more += [submit(third, ContainerKill(container="k"), actor=by(admin))]
    assert set(next_ones(web.host)) == {each.pk for each in more}
    assert claimed(more) == 2


def test_an_urgent_one_passes_what_waits_for_the_same_container_and_a_full_lane(
    web: LinuxAccount, olga: User, sent: Any
) -> None:
    stuck = [submit(web, ContainerStart(container=f"c{n}"), actor=by(olga)) for n in range(20)]
    assert claimed(stuck) == PER_ACCOUNT[Lane.QUICK]
    kill = submit(web, ContainerKill(container="c0"), actor=by(olga))
    assert kill.pk in next_ones(web.host)
    assert claim(kill.pk, "w:1")


def test_what_an_engine_says_at_great_length_is_kept_in_short(
    web: LinuxAccount, olga: User, sent: Any
) -> None:
    failing, fine = (submit(web, ImagePull(image=f"x/y{n}"), actor=by(olga)) for n in range(2))
    for operation in (failing, fine):
        assert queue.claim(operation.pk, "w:1")
        operation.refresh_from_db()
    long = "x" * 5_000_000
    report = ErrorReport(code=ErrorCode.CONFLICT, message=long, remedy=long)
    assert completion.end(failing, Failed(error=report), fence=failing.fence)
    assert len(json.dumps(failing.error)) < 20_000
    assert "more characters" in failing.error["message"]
    result = {"summary": "s", "warnings": [long], "image_id": "i", "reference": "r", "size": 1}
    assert completion.end(fine, Succeeded(result=result), fence=fine.fence)
    fine.refresh_from_db()
    assert fine.state == State.SUCCEEDED
    assert len(json.dumps(fine.result)) < 20_000
    assert "too long to be kept" in fine.result["warnings"][0]

"""A cancelled operation ends with its true outcome: Podman continues without its client."""

import asyncio
from uuid import UUID, uuid4

import pytest

from engine.schema.containers import (
    ContainerKill,
    ContainerRemove,
    ContainerRename,
    ContainerRestart,
    ContainerRun,
    ContainerStart,
    ContainerStop,
)
from engine.schema.errors import EngineError, ErrorCode
from engine.schema.parameters import Parameters
from engine.schema.progress import Cancelled, Outcome, Succeeded
from launch.demo import IMAGE
from tests.engine.account import Account

DEAF = "trap : TERM; while :; do sleep 0.05; done"
"""A script that ignores SIGTERM."""
DELAYS = (0.0, 0.01, 0.05)


async def cancelled(account: Account, parameters: Parameters, after: float) -> Outcome:
    """Return the outcome of an operation that is cancelled after `after` seconds."""
    operation = uuid4()
    ending = asyncio.create_task(account.outcome(parameters, operation))
    await asyncio.sleep(after)
    await until_heard(account, operation)
    return await ending


async def until_heard(account: Account, operation: UUID) -> None:
    while True:
        try:
            await account.engine.cancel(operation)
            return
        except EngineError as error:
            if error.report.code is not ErrorCode.NOT_FOUND:
                raise
            await asyncio.sleep(0.001)


@pytest.mark.parametrize("after", DELAYS)
async def test_a_cancelled_launch_leaves_nothing(alice: Account, after: float) -> None:
    end = await cancelled(alice, ContainerRun(image=IMAGE, command_line=["sleep", "1000"]), after)
    left = await alice.rows()
    if isinstance(end, Cancelled):
        assert not left
    else:
        assert isinstance(end, Succeeded), end
        assert [row.id for row in left.values()] == [end.result["id"]]


@pytest.mark.parametrize("after", DELAYS)
async def test_a_verb_is_cancelled_without_effect_or_succeeds_with_it(
    alice: Account, after: float
) -> None:
    await alice.launch("sh", "-c", DEAF, name="web", stop_signal="TERM", stop_timeout=1)

    async def state() -> str:
        return (await alice.rows())["web"].state

    async def started() -> str:
        return str((await alice.inspect("web"))["State"]["StartedAt"])

    since = await started()
    end = await cancelled(alice, ContainerRestart(container="web", timeout=0), after)
    assert (await started() != since) == isinstance(end, Succeeded), end
    end = await cancelled(alice, ContainerStop(container="web"), after)
    assert (await state() == "exited") == isinstance(end, Succeeded), end
    await alice.do(ContainerStop(container="web"))
    end = await cancelled(alice, ContainerStart(container="web"), after)
    assert (await state() == "running") == isinstance(end, Succeeded), end
    end = await cancelled(alice, ContainerRename(container="web", name="shop"), after)
    assert ("shop" in await alice.rows()) == isinstance(end, Succeeded), end
    (name,) = await alice.rows()
    end = await cancelled(alice, ContainerRemove(container=name, force=True), after)
    assert (not await alice.rows()) == isinstance(end, Succeeded), end


async def test_a_stop_that_is_cancelled_too_late_says_so(alice: Account) -> None:
    await alice.launch("sh", "-c", DEAF, name="web", stop_signal="TERM", stop_timeout=900)
    operation = uuid4()
    ending = asyncio.create_task(alice.outcome(ContainerStop(container="web"), operation))
    await alice.becomes("web", "stopping")
    for _ in range(3):
        await alice.engine.cancel(operation)
    await alice.do(ContainerKill(container="web"))
    end = await ending
    assert isinstance(end, Succeeded), end
    assert "too late to cancel" in end.result["warnings"][0]
    assert (await alice.rows())["web"].state == "exited"
    assert await alice.engine.recall(operation) == end


async def test_what_the_engine_has_not_heard_of_cannot_be_cancelled(alice: Account) -> None:
    with pytest.raises(EngineError) as caught:
        await alice.engine.cancel(uuid4())
    assert caught.value.report.code is ErrorCode.NOT_FOUND

"""The runner's own guarantees, without Podman."""

import asyncio
from contextlib import suppress
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from engine.admission import Admission
from engine.files.image_transfer import InboundImages
from engine.files.spool import Files
from engine.operations.handlers import RECOVER, RESUME
from engine.process.cancellation import heed, requested, unstoppable
from engine.schema.containers import ContainerRestart, ContainerStart, ContainerUnpause
from engine.schema.errors import EngineError, ErrorCode, Unanswered
from engine.schema.kinds import KINDS
from engine.schema.parameters import Parameters, Result
from engine.schema.progress import Cancelled, Interrupted, Outcome, Progress, Succeeded, Unknown
from engine.server import runner as module
from engine.server.ledger import Journal
from engine.server.runner import TRIES, Runner


class Open(Admission):
    """Admits everything."""

    def policies(self) -> list[Any]:
        return []


@pytest.fixture
def runner(tmp_path: Path) -> Runner:
    nothing: Any = None
    return Runner(
        nothing,
        nothing,
        Journal(tmp_path / "operations.sqlite3"),
        frozenset(),
        Files(tmp_path / "files"),
        [],
        InboundImages(),
        Open(nothing),
    )


async def outcome(runner: Runner, parameters: Parameters, operation: Any = None) -> Outcome:
    *_, last = [each async for each in runner.run(operation or uuid4(), parameters)]
    assert not isinstance(last, Progress)
    return last


async def test_a_cancel_before_the_first_turn_is_an_end(runner: Runner) -> None:
    operation = uuid4()
    running = runner._start(operation, ContainerStart(container="web"), again=False)
    runner.cancel(operation)
    assert running.task
    assert isinstance(await running.task, Cancelled)
    assert not runner.busy
    assert isinstance(await runner.recall(operation), Cancelled)
    assert isinstance(await outcome(runner, ContainerStart(container="web"), operation), Cancelled)


async def test_what_podman_did_not_answer_is_run_again_where_that_does_no_harm(
    runner: Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried = []

    async def dies(context: Any, parameters: Any) -> Result:
        tried.append(parameters)
        if len(tried) < 3:
            raise Unanswered("gone")
        return Result(summary="done")

    monkeypatch.setitem(module.HANDLERS, "container.start", dies)
    end = await outcome(runner, ContainerStart(container="web"))
    assert isinstance(end, Succeeded)
    assert len(tried) == 3


async def test_what_podman_never_answers_is_lost(
    runner: Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried = []

    async def dies(context: Any, parameters: Any) -> Result:
        tried.append(parameters)
        raise Unanswered("gone")

    monkeypatch.setitem(module.HANDLERS, "container.unpause", dies)
    end = await outcome(runner, ContainerUnpause(container="web"))
    assert isinstance(end, Interrupted)
    assert len(tried) == TRIES


async def test_what_may_not_be_done_twice_goes_on_from_where_it_got(
    runner: Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def dies(context: Any, parameters: Any) -> Result:
        context.note("since yesterday")
        raise Unanswered("gone")

    async def resumes(context: Any, parameters: Any) -> Result:
        return Result(summary=f"knew {context.noted}")

    monkeypatch.setitem(module.HANDLERS, "container.restart", dies)
    monkeypatch.setitem(module.RESUME, "container.restart", resumes)
    end = await outcome(runner, ContainerRestart(container="web"))
    assert isinstance(end, Succeeded)
    assert end.result["summary"] == "knew since yesterday"


async def test_what_was_begun_and_has_no_end_is_interrupted_and_the_rest_unknown(
    runner: Runner,
) -> None:
    operation = uuid4()
    assert isinstance(await runner.recall(operation), Unknown)
    runner._journal.begin(operation, "container.start")
    assert isinstance(await runner.recall(operation), Interrupted)


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_that_is_cut_short_is_run_again_or_found_out_about(kind: str) -> None:
    assert KINDS[kind].repeatable != (kind in RESUME or kind in RECOVER)


async def test_a_full_disk_lets_nothing_begin_and_hides_no_outcome(runner: Runner) -> None:
    done = asyncio.Event()

    async def fills_the_disk(context: Any, parameters: Any) -> Result:
        _fill(runner._journal)
        done.set()
        return Result(summary="done")

    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(module.HANDLERS, "container.start", fills_the_disk)
        end = await outcome(runner, ContainerStart(container="web"))
    assert isinstance(end, Succeeded)
    with pytest.raises(EngineError, match="full") as caught:
        await outcome(runner, ContainerStart(container="web"))
    assert caught.value.report.code is ErrorCode.UNAVAILABLE
    assert not runner.busy


def _fill(journal: Journal) -> None:
    """Prevent its database from growing, and fill the existing pages."""
    (pages,) = journal._database.execute("pragma page_count").fetchone()
    journal._database.execute(f"pragma max_page_count = {pages}")
    for size in (3000, 10):
        with suppress(EngineError):
            while True:
                journal.begin(uuid4(), "x" * size)


async def test_a_request_that_cannot_be_stopped_is_waited_for() -> None:
    going, goes_on = asyncio.Event(), asyncio.Event()

    async def request() -> str:
        going.set()
        await goes_on.wait()
        return "done"

    async def operation() -> str:
        message = await unstoppable(request())
        assert requested()
        with pytest.raises(asyncio.CancelledError):
            heed()
        return message

    task = asyncio.create_task(operation())
    await going.wait()
    for _ in range(3):
        task.cancel()
        await asyncio.sleep(0)
    assert not task.done()
    goes_on.set()
    assert await task == "done"


async def test_a_request_that_fails_after_a_cancel_says_how() -> None:
    async def request() -> None:
        await asyncio.sleep(0)
        raise ValueError("no")

    task = asyncio.create_task(unstoppable(request()))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(ValueError, match="no"):
        await task

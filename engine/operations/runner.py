"""Runs operations: each id once, however often it is asked for, with any number of readers."""

import asyncio
import logging
from collections.abc import AsyncIterator, Coroutine
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from engine.adapters.podman import Podman
from engine.files import Files
from engine.gate import Gate
from engine.incoming import Incoming
from engine.journal import Journal
from engine.operations.table import PERFORM, RECOVER
from engine.operations.work import Report, Work
from engine.schema import progress as said
from engine.schema.errors import EngineError, ErrorCode, ErrorReport
from engine.schema.kinds import KINDS
from engine.schema.parameters import Parameters
from engine.units.inventory import Inventory

log = logging.getLogger(__name__)
PROGRESS_PAUSE = 0.25
"""Seconds between two messages of progress; only the newest one counts."""


@dataclass
class _Run:
    kind: str
    progress: said.Progress | None = None
    task: asyncio.Task[said.Outcome] | None = None


class Runner:
    """The operations of one account that are running now, and its memory of the past ones."""

    def __init__(
        self,
        podman: Podman,
        units: Inventory,
        journal: Journal,
        controllers: frozenset[str],
        files: Files,
        podman_options: list[str],
        incoming: Incoming,
        gate: Gate,
    ) -> None:
        self._podman = podman
        self._units = units
        self._journal = journal
        self._controllers = controllers
        self._files = files
        self._podman_options = podman_options
        self._incoming = incoming
        self._gate = gate
        self._running: dict[UUID, _Run] = {}

    @property
    def running(self) -> list[UUID]:
        """The ids of those that run."""
        return list(self._running)

    @property
    def busy(self) -> bool:
        """Whether anything runs."""
        return bool(self._running)

    async def run(
        self, operation: UUID, parameters: Parameters
    ) -> AsyncIterator[said.Progress | said.Outcome]:
        """Start it, or join the running one, or give the first answer again.

        Leaving the iteration does not stop the operation. Raises EngineError when the id belongs to
        an operation of another kind.
        """
        running = self._running.get(operation)
        entry = None if running else self._journal.find(operation)
        kind = running.kind if running else entry.kind if entry else parameters.kind
        if kind != parameters.kind:
            raise EngineError(ErrorCode.CONFLICT, f"This id belongs to a {kind} already.")
        if entry and entry.outcome:
            yield entry.outcome
            return
        if running is None:
            running = self._start(operation, parameters, again=entry is not None)
        async for message in _follow(running):
            yield message

    async def recall(self, operation: UUID) -> said.Unknown | said.Running | said.Outcome:
        """What became of an operation."""
        if operation in self._running:
            return said.Running()
        entry = self._journal.find(operation)
        if entry is None:
            return said.Unknown()
        if entry.outcome:
            return entry.outcome
        if entry.kind in RECOVER:
            return await self._recall_launch(operation, entry.kind)
        # Nothing was concluded, and running it (again) does no harm: as good as never heard of.
        return said.Unknown() if KINDS[entry.kind].repeatable else said.Interrupted()

    def cancel(self, operation: UUID) -> bool:
        """Ask a running one to stop; False when it does not run."""
        running = self._running.get(operation)
        return bool(running and running.task and running.task.cancel())

    async def stop(self) -> None:
        """Let go of all that run, without an outcome: the engine ends."""
        tasks = [run.task for run in self._running.values() if run.task]
        self._running.clear()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _start(self, operation: UUID, parameters: Parameters, *, again: bool) -> _Run:
        self._journal.begin(operation, parameters.kind)
        run = self._running[operation] = _Run(parameters.kind)
        run.task = asyncio.create_task(self._carry_out(operation, parameters, run, again))
        return run

    async def _carry_out(
        self, operation: UUID, parameters: Parameters, run: _Run, again: bool
    ) -> said.Outcome:
        def report(progress: said.Progress) -> None:
            run.progress = progress

        work = self._work(operation, report)
        if not again or parameters.repeatable:
            outcome = await self._attempt(_perform(work, parameters))
        elif parameters.kind in RECOVER:
            outcome = await self._attempt(self._recover(operation, parameters))
        else:
            outcome = said.Interrupted()
        if self._running.pop(operation, None):
            self._journal.end(operation, outcome)
        succeeded = isinstance(outcome, said.Succeeded)
        await asyncio.to_thread(self._files.forget, operation, keep_product=succeeded)
        return outcome

    async def _recover(self, operation: UUID, parameters: Parameters) -> said.Outcome:
        """A launch that the engine's death cut short: its container carries the operation's id."""
        work = self._work(operation, lambda progress: None)
        found = await RECOVER[parameters.kind](work)
        if found:
            return said.Succeeded(result=found.model_dump(mode="json"))
        if self._journal.made(operation):
            # It was made, and has gone since: by --rm, or by somebody's hand. Never twice.
            return said.Interrupted()
        return await _perform(work, parameters)

    async def _recall_launch(self, operation: UUID, kind: str) -> said.Unknown | said.Outcome:
        work = self._work(operation, lambda progress: None)
        found = await RECOVER[kind](work)
        if found:
            outcome: said.Outcome = said.Succeeded(result=found.model_dump(mode="json"))
        elif self._journal.made(operation):
            outcome = said.Interrupted()
        else:
            return said.Unknown()
        self._journal.end(operation, outcome)
        return outcome

    def _work(self, operation: UUID, report: Report) -> Work:
        return Work(
            id=operation,
            podman=self._podman,
            units=self._units,
            report=report,
            note=lambda made: self._journal.note(operation, made),
            noted=self._journal.made(operation),
            controllers=self._controllers,
            files=self._files,
            podman_options=self._podman_options,
            incoming=self._incoming,
            gate=self._gate,
        )

    async def _attempt(self, doing: Coroutine[Any, Any, said.Outcome]) -> said.Outcome:
        try:
            return await doing
        except EngineError as error:
            return said.Failed(error=error.report)
        except asyncio.CancelledError:
            return said.Cancelled()
        except Exception as error:  # the one place where a fault becomes an outcome
            log.exception("a fault in an operation")
            return said.Failed(
                error=ErrorReport(
                    code=ErrorCode.INTERNAL,
                    message=f"A fault in Berth's engine: {type(error).__name__}.",
                    remedy="The engine's log on the host says more.",
                )
            )


async def _perform(work: Work, parameters: Parameters) -> said.Outcome:
    warnings = await work.gate.admit(parameters)
    result = await PERFORM[parameters.kind](work, parameters)
    if warnings:
        result = result.model_copy(update={"warnings": [*result.warnings, *warnings]})
    return said.Succeeded(result=result.model_dump(mode="json"))


async def _follow(run: _Run) -> AsyncIterator[said.Progress | said.Outcome]:
    if run.task is None:
        raise RuntimeError("a run without a task")
    last = None
    while not run.task.done():
        await asyncio.wait({run.task}, timeout=PROGRESS_PAUSE)
        if run.progress is not last and run.progress is not None:
            last = run.progress
            yield last
    yield run.task.result()

"""Run operations: each id once, however often it is delivered, with any number of readers."""

import asyncio
import logging
from collections.abc import AsyncIterator
from dataclasses import dataclass
from uuid import UUID

from engine.admission import Admission
from engine.files.image_transfer import InboundImages
from engine.files.spool import Files
from engine.operations.context import OperationContext, Report, Unsettled
from engine.operations.handlers import HANDLERS, RECOVER, RESUME
from engine.podman.client import Podman
from engine.process.cancellation import heed, requested, unstoppable
from engine.schema import progress as schema
from engine.schema.errors import EngineError, ErrorCode, ErrorReport, Unanswered
from engine.schema.messages import msg
from engine.schema.parameters import Parameters
from engine.server.ledger import Journal
from engine.systemd.inventory import Inventory

log = logging.getLogger(__name__)
PROGRESS_PAUSE = 0.25
"""Seconds between two progress messages. Only the newest counts."""
TRIES = 5
"""How often an operation survives the end of Podman's service while it runs."""
STOP_PATIENCE = 1.0
"""Seconds for cleaning up when the engine ends."""
TOO_LATE = msg("It was too late to cancel: this could not be stopped any more.")


@dataclass
class _Run:
    kind: str
    progress: schema.Progress | None = None
    attempt: asyncio.Task[schema.Outcome] | None = None
    """The work itself, which cancellation ends."""
    task: asyncio.Task[schema.Outcome] | None = None
    """Waits for it and records the outcome in any case."""
    cancelled: bool = False


class Runner:
    """The running operations of one account, and the ledger of the past ones."""

    def __init__(
        self,
        podman: Podman,
        units: Inventory,
        journal: Journal,
        controllers: frozenset[str],
        files: Files,
        podman_options: list[str],
        incoming: InboundImages,
        admission: Admission,
    ) -> None:
        self._podman = podman
        self._units = units
        self._journal = journal
        self._controllers = controllers
        self._files = files
        self._podman_options = podman_options
        self._incoming = incoming
        self._admission = admission
        self._names = asyncio.Lock()
        self._running: dict[UUID, _Run] = {}
        self._stopping = False

    @property
    def running(self) -> list[UUID]:
        """Return the ids of the running operations."""
        return list(self._running)

    @property
    def busy(self) -> bool:
        """Return whether any operation runs."""
        return bool(self._running)

    async def run(
        self, operation: UUID, parameters: Parameters
    ) -> AsyncIterator[schema.Progress | schema.Outcome]:
        """Start the operation, join it while it runs, or repeat its first answer.

        Leaving the iteration does not stop the operation. Raises EngineError if the id belongs to
        an operation of another kind.
        """
        running = self._running.get(operation)
        entry = None if running else self._journal.find(operation)
        kind = running.kind if running else entry.kind if entry else parameters.kind
        if kind != parameters.kind:
            raise EngineError(
                ErrorCode.CONFLICT, msg("This id belongs to a %(kind)s already.", kind=kind)
            )
        if entry and entry.outcome:
            yield entry.outcome
            return
        if running is None:
            running = self._start(operation, parameters, again=entry is not None)
        async for message in _follow(running):
            yield message

    async def recall(self, operation: UUID) -> schema.Unknown | schema.Running | schema.Outcome:
        """Return an operation's outcome; `interrupted`: it started, and may be delivered again."""
        if operation in self._running:
            return schema.Running()
        entry = self._journal.find(operation)
        if entry is None:
            return schema.Unknown()
        return entry.outcome or schema.Interrupted()

    def cancel(self, operation: UUID) -> None:
        """Cancel an operation, unless it has ended. Raises EngineError for an unknown id."""
        running = self._running.get(operation)
        if running is None:
            if self._journal.find(operation) is None:
                raise EngineError(ErrorCode.NOT_FOUND, msg("The engine has not heard of it (yet)."))
        elif running.attempt and not running.cancelled:  # only once: it may already be cleaning up
            running.cancelled = True
            running.attempt.cancel()

    async def stop(self) -> None:
        """Stop all running operations without an outcome, because the engine ends."""
        self._stopping = True
        runs = list(self._running.values())
        self._running.clear()
        for run in runs:
            if run.attempt:
                run.attempt.cancel()
        tasks = {run.task for run in runs if run.task}
        if tasks:  # some wait for Podman, which ends next
            await asyncio.wait(tasks, timeout=STOP_PATIENCE)

    def _start(self, operation: UUID, parameters: Parameters, *, again: bool) -> _Run:
        self._journal.begin(operation, parameters.kind)
        run = self._running[operation] = _Run(parameters.kind)
        run.attempt = asyncio.create_task(self._attempt(operation, parameters, run, again))
        run.task = asyncio.create_task(self._conclude(operation, run.attempt))
        return run

    async def _conclude(
        self, operation: UUID, attempt: asyncio.Task[schema.Outcome]
    ) -> schema.Outcome:
        await asyncio.wait({attempt})
        # Cancelled before its first turn, it never ran.
        outcome = schema.Cancelled() if attempt.cancelled() else attempt.result()
        if self._running.pop(operation, None):
            try:
                self._journal.end(operation, outcome)
            except EngineError as error:  # readers get the outcome nevertheless
                log.warning("%s: %s", operation, error)
        self._admission.release(operation)
        succeeded = isinstance(outcome, schema.Succeeded)
        await asyncio.to_thread(self._files.forget, operation, keep_product=succeeded)
        return outcome

    async def _carry_out(
        self, operation: UUID, parameters: Parameters, report: Report, again: bool
    ) -> schema.Outcome:
        """`again`: it started before, and nobody knows how far it got."""
        tries = 0
        while True:
            context = self._work(operation, report)
            try:
                if again and not parameters.repeatable:
                    return await self._go_on(context, parameters)
                return await _handle(context, parameters)
            except Unsettled:
                return schema.Interrupted()
            except Unanswered as error:
                tries += 1
                if self._stopping or tries == TRIES:
                    return schema.Interrupted()
                log.warning("%s %s: %s", parameters.kind, operation, error)
                again = True

    async def _go_on(self, context: OperationContext, parameters: Parameters) -> schema.Outcome:
        """Find out how far it got before the engine or Podman died, and do the rest."""
        kind = parameters.kind
        if kind in RESUME:
            result = await unstoppable(RESUME[kind](context, parameters))
            return schema.Succeeded(result=result.model_dump(mode="json"))
        if kind not in RECOVER:
            raise Unsettled
        # A launch: its container carries the operation's id.
        if found := await unstoppable(RECOVER[kind](context)):
            return schema.Succeeded(result=found.model_dump(mode="json"))
        if context.noted:
            # It was created and has been removed since, by --rm or by somebody. Never create it
            # twice.
            raise Unsettled
        heed()
        return await _handle(context, parameters)

    def _work(self, operation: UUID, report: Report) -> OperationContext:
        return OperationContext(
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
            admission=self._admission,
            names=self._names,
        )

    async def _attempt(
        self, operation: UUID, parameters: Parameters, run: _Run, again: bool
    ) -> schema.Outcome:
        def report(progress: schema.Progress) -> None:
            run.progress = progress

        try:
            outcome = await self._carry_out(operation, parameters, report, again)
            if requested() and isinstance(outcome, schema.Succeeded):
                warnings = [*(outcome.result.get("warnings") or []), TOO_LATE]
                outcome = schema.Succeeded(result={**outcome.result, "warnings": warnings})
            return outcome
        except EngineError as error:
            return schema.Failed(error=error.report)
        except asyncio.CancelledError:
            return schema.Cancelled()
        except Exception as error:  # the one place where a bug becomes an outcome
            log.exception("a fault in an operation")
            return schema.Failed(
                error=ErrorReport(
                    code=ErrorCode.INTERNAL,
                    message=msg(
                        "A fault in Berth's engine: %(__name__)s.", __name__=type(error).__name__
                    ),
                    remedy=msg("The engine's log on the host says more."),
                )
            )


async def _handle(context: OperationContext, parameters: Parameters) -> schema.Outcome:
    warnings = await context.admission.admit(parameters, context.id)
    doing = HANDLERS[parameters.kind](context, parameters)
    result = await (doing if parameters.stoppable else unstoppable(doing))
    if warnings:
        result = result.model_copy(update={"warnings": [*result.warnings, *warnings]})
    return schema.Succeeded(result=result.model_dump(mode="json"))


async def _follow(run: _Run) -> AsyncIterator[schema.Progress | schema.Outcome]:
    if run.task is None:
        raise RuntimeError("a run without a task")
    last = None
    while not run.task.done():
        await asyncio.wait({run.task}, timeout=PROGRESS_PAUSE)
        if run.progress is not last and run.progress is not None:
            last = run.progress
            yield last
    yield run.task.result()

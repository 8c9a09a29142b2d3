"""Run one claimed operation, from the last check of the grant to its end.

While an engine is unreachable, the worker tries again. If the engine has not taken the operation
after NOT_BEGUN seconds, it failed: nothing was started. If the engine has taken it, it is lost
after OUT_OF_REACH seconds: nobody can tell what happened. An engine that has the operation but
refuses to report on it, or sends malformed answers, counts as unreachable, too.
"""

import logging
import time
from datetime import datetime

from django.db.models import QuerySet
from django.utils import timezone
from pydantic import ValidationError

from consoleapp.audit.record import record
from consoleapp.core.encryption import Unreadable
from consoleapp.files import claim
from consoleapp.files.models import Upload
from consoleapp.operations import cross_account, permission, secret_parameters
from consoleapp.operations.models import Operation
from consoleapp.operations.page_events import operation_changed
from consoleapp.operations.queue import LEASE
from consoleapp.operations.states import State
from consoleapp.worker import engine_session, preflight
from consoleapp.worker.completion import TEXT_LIMIT, capped, end, finish, requester
from consoleapp.worker.engine_session import EngineSession
from consoleapp.worker.image_relay import Feed
from engine.schema.errors import EngineError, EngineUnreachable, ErrorCode, ErrorReport
from engine.schema.files import Produced
from engine.schema.kinds import UnknownKind
from engine.schema.messages import load, msg
from engine.schema.parameters import Parameters
from engine.schema.progress import Outcome, Progress, Succeeded

NOT_BEGUN = 20.0
OUT_OF_REACH = 120.0
RENEW_EVERY = LEASE.total_seconds() / 3
WRITE_EVERY = 0.25
TRY_AGAIN_AFTER = 0.5
PROGRESS_LIMIT = 200
"""The maximum number of stored progress steps. No real image has more layers."""
STEP_LIMIT = 400
"""Characters of each text of a step."""
logger = logging.getLogger(__name__)


class LeaseLost(Exception):
    """Raised if another worker now has the operation, and this one must not touch it."""


def run(operation: Operation, *, resumed: bool) -> None:
    """Have the engine run `operation`, which this thread has claimed. Record the outcome.

    `resumed`: another worker started it, and died. Permissions are then not checked again, since
    the engine may already be running it, and its outcome must be recorded.
    """
    fence = operation.fence
    try:
        if operation.cancel_requested_at and not resumed:
            finish(operation, State.CANCELLED, fence=fence)
            return
        parameters = secret_parameters.parameters_of(operation)
        if not resumed and (reason := permission.no_longer(operation, parameters)):
            _refuse(operation, reason)
            return
        if not resumed and (reason := preflight.against(operation, parameters)):
            report = ErrorReport(
                code=ErrorCode.POLICY, message=msg("Not allowed: %(reason)s", reason=reason)
            )
            finish(operation, State.FAILED, report, fence=fence)
            return
        _Run(operation, parameters, resumed).to_the_end()
    except LeaseLost:
        logger.warning("another worker has taken %s up", operation.pk)
    except (Unreadable, UnknownKind, ValidationError) as error:
        # Never the text of a ValidationError: it contains the values.
        why = (
            str(error)
            if not isinstance(error, ValidationError)
            else msg("they do not fit the kind")
        )
        message = msg("The parameters cannot be read any more: %(said)s.", said=why)
        report = ErrorReport(
            code=ErrorCode.INVALID, message=message, remedy=msg("Request it again.")
        )
        finish(operation, State.FAILED, report, fence=fence)


def _refuse(operation: Operation, reason: str) -> None:
    report = ErrorReport(
        code=ErrorCode.FORBIDDEN,
        message=reason,
        remedy=msg("Ask an owner of the account for a grant, then request it again."),
    )
    if finish(operation, State.FAILED, report, fence=operation.fence):
        record(
            "access.refused",
            actor=requester(operation),
            account=operation.account,
            kind=operation.kind,
            target=operation.target,
            operation=operation.pk,
            detail=reason,
        )


class _Run:
    """The messages of one operation, its lease, and its progress."""

    def __init__(self, operation: Operation, parameters: Parameters, resumed: bool) -> None:
        self._operation = operation
        self._parameters = parameters
        self._secrets = (
            secret_parameters.secrets_in(parameters) if operation.has_secrets else frozenset()
        )
        self._fence = operation.fence
        self._heard_at = time.monotonic()
        self._trusted = True
        """Until an engine sends a malformed answer. Its progress then gains it no more time."""
        self._renew_at = self._heard_at + RENEW_EVERY
        if operation.cancel_requested_at:  # of one that another worker started
            self._renew_at = self._heard_at
        self._write_at = 0.0
        self._unwritten: Progress | None = None
        self._uploads = {
            upload.pk: upload.sha256 for upload in Upload.objects.filter(operation=operation)
        }
        self._begun = resumed
        """Whether the engine may have it."""

    def to_the_end(self) -> None:
        """Run until the engine reports the outcome, or certainly never will."""
        announced = False
        while True:
            try:
                talk = EngineSession(
                    self._operation.account,
                    self._operation.pk,
                    self._parameters,
                    self._uploads,
                    self._feed(),
                )
                with talk:
                    if not announced:
                        operation_changed(self._operation)  # while the engine already works
                        announced = True
                    outcome = self._listen(talk)
            except EngineError as error:
                # A fault, or its report of one, does not tell the outcome of a requested operation.
                faulty = error.report.code is ErrorCode.INTERNAL
                self._begun = self._begun or (talk.asked and faulty)
                if not self._begun and not faulty:
                    self._end_failed(error.report)
                    return
                self._trusted = False
                trouble: Exception = error
            except (EngineUnreachable, EOFError) as error:
                self._begun = self._begun or (talk.asked and not _refused_to_connect(error))
                trouble = error
            else:
                self._conclude(outcome)
                return
            if self._give_up(time.monotonic() - self._heard_at, trouble):
                return
            self._rest()

    def _feed(self) -> Feed | None:
        image = self._parameters.relayed_image()
        source = cross_account.source(self._parameters) if image else None
        return Feed(source, image) if source else None

    def _conclude(self, outcome: Outcome) -> None:
        if isinstance(outcome, Succeeded) and issubclass(self._parameters.result, Produced):
            made = self._parameters.result.model_validate(outcome.result)
            if isinstance(made, Produced) and made.file_name:
                claim.offer(self._operation, made)
        ours = end(self._operation, outcome, fence=self._fence, secrets=self._secrets)
        if ours and isinstance(outcome, Succeeded):
            claim.release(self._operation)

    def _listen(self, talk: EngineSession) -> Outcome:
        while True:
            now = time.monotonic()
            until = min(self._renew_at, self._write_at) if self._unwritten else self._renew_at
            message = talk.receive(until - now)
            if message is not None and self._trusted:
                self._heard_at = time.monotonic()
            if isinstance(message, Progress):
                self._begun = self._begun or talk.asked
                self._unwritten = message
            elif message is not None:
                self._write()
                return message
            self._keep_up()

    def _keep_up(self) -> None:
        now = time.monotonic()
        if self._unwritten and now >= self._write_at:
            self._write()
            self._write_at = now + WRITE_EVERY
        if now >= self._renew_at:
            self._renew()
            self._renew_at = now + RENEW_EVERY

    def _mine(self) -> QuerySet[Operation]:
        return Operation.objects.filter(
            pk=self._operation.pk, state=State.RUNNING, fence=self._fence
        )

    def _write(self) -> None:
        if self._unwritten is None:
            return
        progress = secret_parameters.redact(
            load(_shown(self._unwritten).model_dump(mode="json")), self._secrets
        )
        self._unwritten = None
        if not self._mine().update(progress=progress):
            raise LeaseLost
        self._operation.progress = progress
        operation_changed(self._operation)

    def _renew(self) -> None:
        until: datetime = timezone.now() + LEASE
        if not self._mine().update(lease_until=until):
            raise LeaseLost
        requested_at = self._mine().values_list("cancel_requested_at", flat=True).first()
        if requested_at:
            stop(self._operation)  # the message with the request may have been lost

    def _rest(self) -> None:
        time.sleep(TRY_AGAIN_AFTER)
        self._keep_up()

    def _give_up(self, silent: float, error: Exception) -> bool:
        account = self._operation.account.key
        if not self._begun:
            rows = Operation.objects.filter(pk=self._operation.pk, cancel_requested_at=None)
            if not rows.exists():
                finish(self._operation, State.CANCELLED, fence=self._fence)
                return True
            if silent < NOT_BEGUN:
                return False
            self._end_failed(
                ErrorReport(
                    code=ErrorCode.UNAVAILABLE,
                    message=msg(
                        "The engine of %(account)s does not answer: %(error)s. Nothing was "
                        "started.",
                        account=account,
                        error=error,
                    ),
                    remedy=msg(
                        "Ask the host's administrator whether the account is still enrolled."
                    ),
                )
            )
            return True
        if silent < OUT_OF_REACH:
            return False
        report = ErrorReport(
            code=ErrorCode.INTERRUPTED,
            message=msg(
                "The engine of %(account)s went out of reach in the middle of it: %(error)s.",
                account=account,
                error=error,
            ),
            remedy=msg("Look at the account before you try again."),
        )
        finish(self._operation, State.LOST, report, fence=self._fence)
        return True

    def _end_failed(self, report: ErrorReport) -> None:
        finish(self._operation, State.FAILED, report, fence=self._fence, secrets=self._secrets)


def _shown(progress: Progress) -> Progress:
    """Return as much of it as a row stores."""
    steps = [
        step.model_copy(
            update={
                "id": step.id[:STEP_LIMIT],
                "label": step.label[:STEP_LIMIT],
                "status": step.status[:STEP_LIMIT],
            }
        )
        for step in progress.steps[:PROGRESS_LIMIT]
    ]
    return progress.model_copy(
        update={"message": capped(progress.message, TEXT_LIMIT), "steps": steps}
    )


def stop(operation: Operation) -> None:
    """Pass a cancellation on to the engine. If the engine cannot take it now, repeat it later."""
    for attempt in range(5):
        try:
            engine_session.cancel(operation.account, operation.pk)
            return
        except EngineError as error:
            # It was claimed a moment ago, and the engine does not know it yet.
            if error.report.code is not ErrorCode.NOT_FOUND:
                logger.warning("the engine does not cancel %s: %.500s", operation.pk, error)
                return
            time.sleep(0.1 * (attempt + 1))
        except (EngineUnreachable, TimeoutError) as error:
            logger.warning("cannot tell the engine to cancel %s: %s", operation.pk, error)
            return


def _refused_to_connect(error: BaseException | None) -> bool:
    """Return whether nobody accepted the connection, so that nothing can have started."""
    while error is not None:
        if isinstance(error, FileNotFoundError | ConnectionRefusedError | PermissionError):
            return True
        error = error.__cause__
    return False

"""Complete an operation: its state, result, and audit event, in one transaction."""

import json
import logging
from functools import partial
from typing import Any

from django.db import transaction
from django.utils import timezone
from pydantic import ValidationError

from consoleapp.audit.record import record
from consoleapp.core.actor import Actor
from consoleapp.notifications.event_types import EventType
from consoleapp.notifications.record import NewOccurrence, notify
from consoleapp.operations import secret_parameters
from consoleapp.operations.audit import name, note
from consoleapp.operations.models import Operation
from consoleapp.operations.page_events import operation_changed
from consoleapp.operations.states import State, move
from engine.schema.errors import ErrorCode, ErrorReport
from engine.schema.kinds import KINDS
from engine.schema.messages import load, msg
from engine.schema.progress import Cancelled, Failed, Interrupted, Outcome, Succeeded

INTERRUPTED = ErrorReport(
    code=ErrorCode.INTERRUPTED,
    message=msg(
        "The account's engine ended in the middle of it, so nobody can tell what came of it."
    ),
    remedy=msg("Look at the account before you try again."),
)
TEXT_LIMIT = 8_000
"""Characters of a message. Podman's longest ones list every layer."""
RESULT_LIMIT = 1_000_000
logger = logging.getLogger(__name__)


def end(
    operation: Operation,
    outcome: Outcome,
    *,
    fence: int,
    secrets: frozenset[str] = frozenset(),
) -> bool:
    """Record the outcome. Return whether this call (with `fence`) did."""
    match outcome:
        case Succeeded():
            result = secret_parameters.redact(_result(operation.kind, outcome.result), secrets)
            return finish(operation, State.SUCCEEDED, fence=fence, result=result)
        case Failed():
            return finish(operation, State.FAILED, outcome.error, fence=fence, secrets=secrets)
        case Cancelled():
            return finish(operation, State.CANCELLED, fence=fence)
        case Interrupted():
            return finish(operation, State.LOST, INTERRUPTED, fence=fence)


def finish(
    operation: Operation,
    state: State,
    error: ErrorReport | None = None,
    *,
    fence: int,
    result: dict[str, Any] | None = None,
    secrets: frozenset[str] = frozenset(),
) -> bool:
    """Move to an end state, with its audit event, and notify the pages."""
    report = _report(error, secrets) if error else None
    with transaction.atomic():
        if not move(operation, state, fence=fence, result=result, error=report):
            logger.warning("%s is not ours to end as %s any more", operation.pk, state)
            return False
        detail = report["message"] if report else ""
        note(f"operation.{state}", operation, requester(operation), outcome=state, detail=detail)
        if error and error.code is ErrorCode.POLICY:
            record(
                "policy.refused",
                actor=requester(operation),
                account=operation.account,
                kind=operation.kind,
                target=operation.target,
                operation=operation.pk,
                parameters=operation.parameters,
                detail=detail,
            )
        if report:
            _notify(operation, detail)
        transaction.on_commit(partial(operation_changed, operation))
    return True


def _notify(operation: Operation, failure: str) -> None:
    occurrence = NewOccurrence(
        EventType.OPERATION_FAILED,
        key=str(operation.pk),
        object=f"{operation.kind} {operation.target}".strip(),
        name=name(operation),
        at=operation.ended_at or timezone.now(),
        detail=msg(
            "%(message)s Requested by %(actor_name)s.",
            message=failure,
            actor_name=operation.actor_name,
        ),
        operation=operation.pk,
    )
    notify(operation.account, occurrence)


def requester(operation: Operation) -> Actor:
    """Return the requester, with the original source, even if the user no longer exists."""
    return Actor(
        user=operation.requested_by,
        ip=operation.ip,
        source=operation.source,  # type: ignore[arg-type] # written from an Actor's
        label=operation.actor_name,
    )


def _result(kind: str, reported: dict[str, Any]) -> dict[str, Any]:
    """Return the engine's result in the kind's model, without parts that do not fit."""
    try:
        whole: dict[str, Any] = load(
            KINDS[kind].result.model_validate(reported).model_dump(mode="json")
        )
    except ValidationError as error:
        logger.warning("a result of %s is not what it should be: %s", kind, error.error_count())
        warning = msg("It succeeded, but what the engine said about it made no sense.")
        return {"summary": "", "warnings": [warning]}
    if len(json.dumps(whole)) <= RESULT_LIMIT:
        return whole
    warning = msg("It succeeded, but what the engine said about it is too long to be kept.")
    return {"summary": capped(whole["summary"], TEXT_LIMIT), "warnings": [warning]}


def capped(text: str, most: int) -> str:
    """Return the text, or its first `most` characters and the number of omitted ones."""
    if len(text) <= most:
        return text
    return f"{text[:most]}… ({len(text) - most:,} more characters)"


def _report(error: ErrorReport, secrets: frozenset[str]) -> dict[str, Any]:
    report = secret_parameters.redact(load(error.model_dump(mode="json")), secrets)
    return {name: capped(text, TEXT_LIMIT) for name, text in report.items()}

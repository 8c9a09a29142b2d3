"""Responses to a request for operations: accepted, or refused with a reason."""

from collections.abc import Sequence

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.utils.translation import ngettext
from django_htmx.http import trigger_client_event

from consoleapp.accounts.models import LinuxAccount
from consoleapp.core.actor import Actor
from consoleapp.core.errors import Conflict, Refused
from consoleapp.core.requests import Request
from consoleapp.i18n.rendering import in_language
from consoleapp.operations.models import Operation
from consoleapp.operations.states import State
from consoleapp.operations.submit import submit
from engine.schema.kinds import KINDS
from engine.schema.parameters import Lane, Parameters


def accepted(
    request: Request,
    operations: Operation | Sequence[Operation],
    *,
    next: str,
    label: str = "",
) -> HttpResponse:
    """Return the response to a POST that submitted operations. The toast shows `label`.

    htmx gets an empty response with the event `berth:accepted` (ids, label, slow: worth following),
    which shows the toast and refreshes the activity drawer. A plain form continues at `next`.
    """
    submitted = [operations] if isinstance(operations, Operation) else list(operations)
    if not request.htmx:
        return HttpResponseRedirect(next)
    response = HttpResponse(status=204)
    detail = {
        "ids": [str(operation.id) for operation in submitted],
        "label": label or _label(submitted),
        "awaits": any(operation.state == State.AWAITING for operation in submitted),
        "slow": any(_is_slow(operation) for operation in submitted),
    }
    return trigger_client_event(response, "berth:accepted", detail)


def request_all(
    request: Request, account: LinuxAccount, wanted: Sequence[Parameters], *, next: str
) -> HttpResponse:
    """Submit all of `wanted` to `account`, and return the response."""
    try:
        operations = [submit(account, each, actor=Actor.of(request)) for each in wanted]
    except Refused as error:
        return refused(request, error, next=next)
    return accepted(request, operations, next=next)


def refused(request: Request, reason: Refused | str, *, next: str, status: int = 0) -> HttpResponse:
    """Return the response to a POST that was refused: `reason` is one sentence.

    htmx gets `status`, otherwise 403 (the user may not) or 409 (in this state, nobody may), and the
    event `berth:refused`, shown as a toast. A plain form continues at `next` and shows it there.
    """
    if not request.htmx:
        messages.error(request, in_language(str(reason)))
        return HttpResponseRedirect(next)
    forbidden = isinstance(reason, Refused) and not isinstance(reason, Conflict)
    response = HttpResponse(status=status or (403 if forbidden else 409))
    return trigger_client_event(response, "berth:refused", {"message": in_language(str(reason))})


def _label(operations: Sequence[Operation]) -> str:
    if len(operations) != 1:
        return ngettext("%(count)s operation", "%(count)s operations", len(operations)) % {
            "count": len(operations)
        }
    [operation] = operations
    kind = KINDS.get(operation.kind)
    return f"{in_language(kind.label) if kind else operation.kind} {operation.target}".strip()


def _is_slow(operation: Operation) -> bool:
    return str(operation.lane) == Lane.SLOW

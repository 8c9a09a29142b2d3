"""Publish an operation's changes to open pages and to the observer."""

from consoleapp.operations.models import Operation
from consoleapp.operations.states import State
from consoleapp.snapshots.observer_messages import ObserverMessage
from consoleapp.snapshots.page_events import PageEvent, send


def operation_changed(operation: Operation) -> None:
    """Publish a change of an operation's state or progress. This also wakes the observer."""
    state = State(operation.state)
    data = {"id": str(operation.pk), "state": state.value}
    account = operation.account_id
    events = [
        PageEvent(
            account=account,
            event=f"operation-{operation.pk}",
            data=data,
            ended_for=operation.requested_by_id if state.ended else None,
            source=operation.source if operation.source in ("page", "api", "system") else "",
        )
    ]
    only_progress = state is State.RUNNING and operation.progress is not None
    if not only_progress:
        events.append(PageEvent(account=account, event="operations", data=data))
    about = {operation.target, str((operation.result or {}).get("id", ""))} - {""}
    message = ObserverMessage(
        account=account,
        why="operation",
        kind=operation.kind,
        ended=state.ended,
        objects=sorted(text[:600] for text in about),
    )
    send(account, events, None if only_progress else message, operation.pk)

"""Where things are in Redis. Nothing there is the only copy of anything."""

from uuid import UUID

from django.conf import settings

WATCHED = f"berth:watched:{settings.BERTH_HOST}"
"""Sorted set of account ids by the time until which somebody looks at them."""
WAKE = f"berth:wake:{settings.BERTH_HOST}"
"""Channel: the observer should look again at what it follows."""
OBSERVER = f"berth:observer:{settings.BERTH_HOST}"
"""Held by the one observer of the host."""
REQUESTS = f"berth:relay:{settings.BERTH_HOST}"
"""List of signed requests to engines."""
ALL = "berth:live"
"""Pattern prefix of the channels that pages hear."""


def account_channel(account_id: int) -> str:
    """What happens in an account."""
    return f"{ALL}:{account_id}"


def operation_channel(operation: UUID) -> str:
    """The changes of one operation, for those that wait for its end."""
    return f"berth:operation:{operation}"


def snapshot_key(account_id: int) -> str:
    """Hash: version, body, live, error, taken."""
    return f"berth:snapshot:{account_id}"


def snapshot_channel(account_id: int) -> str:
    """Told at each new snapshot, for those that wait for one."""
    return f"berth:snapshots:{account_id}"


def answers_key(request: str) -> str:
    """List of batches of answers, oldest first."""
    return f"berth:relay:{request}:answers"


def input_key(request: str) -> str:
    """List of messages for a terminal, oldest first."""
    return f"berth:relay:{request}:input"


def alive_key(request: str) -> str:
    """There as long as the reader is."""
    return f"berth:relay:{request}:alive"

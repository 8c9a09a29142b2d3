"""The keys and channels in Redis, and the connections to it.

Nothing here is the only copy of anything: Redis may lose everything, and the observer writes it
again. Texts from Redis are untrusted; readers parse them into models.
"""

from functools import cache
from uuid import UUID

import redis
import redis.asyncio
from django.conf import settings
from redis.backoff import NoBackoff
from redis.retry import Retry

WATCH_SECONDS = 60
"""How long an account is followed after somebody looked at it."""
WATCHED = "berth:watched"
"""Sorted set: keys of LinuxAccount, by the time until which somebody looks at them."""
OBSERVER_CHANNEL = "berth:observer"
"""Channel to the observers, with `observer_messages.ObserverMessage`."""
ACCOUNT_CHANNELS = "berth:account:"
RedisDown = (redis.RedisError, OSError)


def head_key(account: int) -> str:
    """Return the key of a `snapshots.Head`."""
    return f"berth:head:{account}"


def body_key(account: int) -> str:
    """Return the key of the head's snapshot, in the format of `row_format`."""
    return f"berth:snapshot:{account}"


def live_key(account: int) -> str:
    """Return the key that exists while an observer receives the account's events."""
    return f"berth:live:{account}"


def host_key(host: int) -> str:
    """Return the key that exists while an observer runs on the host."""
    return f"berth:following:{host}"


def observer_key() -> str:
    """Return the key with the pid of this host's observer; the launcher waits for it."""
    return f"berth:observer:{settings.BERTH_HOST}"


def channel(account: int) -> str:
    """Return the channel with all events of an account."""
    return f"{ACCOUNT_CHANNELS}{account}"


def operation_channel(operation: UUID) -> str:
    """Return the channel with the state changes of one operation, for those who wait for it."""
    return f"berth:operation:{operation}"


@cache
def connection() -> redis.Redis:
    """Return the process's connections for quick commands, from any thread. May raise RedisDown."""
    return redis.Redis.from_url(
        settings.BERTH_REDIS,
        socket_timeout=2,
        socket_connect_timeout=0.5,
        max_connections=500,
        # Try once more: a kept connection may have died with the previous Redis.
        retry=Retry(NoBackoff(), 1),
    )


def streaming() -> redis.asyncio.Redis:
    """Return a separate client for this event loop, which the caller must close."""
    return redis.asyncio.Redis.from_url(
        settings.BERTH_REDIS,
        socket_timeout=None,  # blocking reads have their own timeouts
        socket_connect_timeout=0.5,
        max_connections=1000,
    )

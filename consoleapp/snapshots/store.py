"""What is kept in Redis, by which names, and the connections to it.

Nothing here is the only copy of anything: Redis may lose it all, and the observer writes it anew.
What comes out of Redis is somebody else's text; those who read it parse it into models.
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
"""Sorted set: the keys of LinuxAccount, by the time until which they are looked at."""
WAKE = "berth:wake"
"""Channel to the observers: `observer.Wake`s."""
ACCOUNT_CHANNELS = "berth:account:"
RedisDown = (redis.RedisError, OSError)


def head_key(account: int) -> str:
    """A `snapshots.Head`."""
    return f"berth:head:{account}"


def body_key(account: int) -> str:
    """The snapshot that the head speaks of, as `rows` spells it."""
    return f"berth:snapshot:{account}"


def live_key(account: int) -> str:
    """Is there while an observer hears the account's events."""
    return f"berth:live:{account}"


def host_key(host: int) -> str:
    """Is there while an observer runs on the host."""
    return f"berth:following:{host}"


def observer_key() -> str:
    """The pid of this host's observer; the launcher waits for it."""
    return f"berth:observer:{settings.BERTH_HOST}"


def channel(account: int) -> str:
    """The channel with everything that happens to an account."""
    return f"{ACCOUNT_CHANNELS}{account}"


def operation_channel(operation: UUID) -> str:
    """The channel that says when an operation's state changed, to who waits for just this one."""
    return f"berth:operation:{operation}"


@cache
def connection() -> redis.Redis:
    """The process's connections for quick commands, from any thread. Raises RedisDown in use."""
    return redis.Redis.from_url(
        settings.BERTH_REDIS,
        socket_timeout=2,
        socket_connect_timeout=0.5,
        max_connections=500,
        # One more try: a connection that was kept may have died with the Redis before this one.
        retry=Retry(NoBackoff(), 1),
    )


def streaming() -> redis.asyncio.Redis:
    """A client of one's own for this event loop, to be closed by who asked for it."""
    return redis.asyncio.Redis.from_url(
        settings.BERTH_REDIS,
        socket_timeout=None,  # reads that wait for something have timeouts of their own
        socket_connect_timeout=0.5,
        max_connections=1000,
    )

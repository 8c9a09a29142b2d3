"""Connections to Redis: one pool a process for plain code, one an event loop for async code."""

import asyncio
from functools import cache
from weakref import WeakKeyDictionary

from django.conf import settings
from redis import Redis
from redis.asyncio import Redis as AsyncRedis
from redis.asyncio.connection import BlockingConnectionPool

_by_loop: "WeakKeyDictionary[asyncio.AbstractEventLoop, AsyncRedis]" = WeakKeyDictionary()


@cache
def redis() -> Redis:
    """For threads. Short time-outs: a page is better without live data than late."""
    return Redis.from_url(settings.BERTH_REDIS, socket_timeout=5, socket_connect_timeout=1)


def async_redis() -> AsyncRedis:
    """For the running event loop."""
    loop = asyncio.get_running_loop()
    if loop not in _by_loop:
        pool = BlockingConnectionPool.from_url(
            settings.BERTH_REDIS, max_connections=500, timeout=5, socket_connect_timeout=1
        )
        _by_loop[loop] = AsyncRedis.from_pool(pool)
    return _by_loop[loop]

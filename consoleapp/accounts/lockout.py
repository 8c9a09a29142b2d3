"""Limits on wrong passwords: who is locked out, and who only has to wait.

After five failures for one name from one address within ten minutes, or thirty from one address,
that address is refused (settings.ACCOUNT_RATE_LIMITS). A name is never locked for everybody, since
a stranger could then lock out its user. Instead, many failures from many addresses slow down each
further check of the name.
"""

import hashlib
import time

from django.core.cache import cache

from consoleapp.accounts import names

WITHIN = 600
"""Seconds for which failures count."""
FREE = 10
"""The number of failures for one name, from everywhere, that slow nothing down."""
LONGEST_PAUSE = 3.0


def key(name: str, address: str) -> str:
    """Return what failures are counted by: the name in any spelling, and the peer's address."""
    return f"{names.key(name)}\n{address}"


def note(name: str) -> None:
    """Count one failure for `name`."""
    cache.set(_counter(name), _failures(name) + 1, WITHIN)


def pause(name: str) -> float:
    """Return the seconds to wait before checking a password for `name`."""
    return min(LONGEST_PAUSE, 0.1 * max(0, _failures(name) - FREE))


def slow_down(name: str) -> None:
    """Wait that long, in the thread of this one request."""
    if seconds := pause(name):
        time.sleep(seconds)


def _failures(name: str) -> int:
    return int(cache.get(_counter(name), 0))


def _counter(name: str) -> str:
    return f"berth:sign-in-failures:{hashlib.sha256(names.key(name).encode()).hexdigest()}"

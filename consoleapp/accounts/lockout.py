"""Wrong passwords: who has to stop guessing, and who only has to wait.

Five for one name from one address within ten minutes, or thirty from one address, and that address
is refused (settings.ACCOUNT_RATE_LIMITS). A name is never locked for everybody, or a stranger could
keep its holder out: many failures from many addresses make each further check of it slow.
"""

import hashlib
import time

from django.core.cache import cache

from consoleapp.accounts import names

WITHIN = 600
"""Seconds for which failures count."""
FREE = 10
"""Failures for one name, from everywhere, that slow nothing down."""
LONGEST_PAUSE = 3.0


def key(name: str, address: str) -> str:
    """What is counted as one: a name, in any spelling, from one address; never a header's word."""
    return f"{names.key(name)}\n{address}"


def note(name: str) -> None:
    """Count one failure for `name`."""
    cache.set(_counter(name), _failures(name) + 1, WITHIN)


def pause(name: str) -> float:
    """Seconds to wait before a password for `name` is looked at."""
    return min(LONGEST_PAUSE, 0.1 * max(0, _failures(name) - FREE))


def slow_down(name: str) -> None:
    """Wait so long, in the thread of this one request."""
    if seconds := pause(name):
        time.sleep(seconds)


def _failures(name: str) -> int:
    return int(cache.get(_counter(name), 0))


def _counter(name: str) -> str:
    return f"berth:sign-in-failures:{hashlib.sha256(names.key(name).encode()).hexdigest()}"

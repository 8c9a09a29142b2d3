"""Signals by which containers are asked to end."""

import signal
from typing import Any


def stop_signal(said: Any) -> int | None:
    """The number of a container's stop signal, which Podman 4 says as such, and 5 by its name."""
    if isinstance(said, int):
        return said if 0 < said < 65 else None
    name = str(said or "").upper()
    if name.isdecimal():
        return stop_signal(int(name))
    name = name if name.startswith("SIG") else f"SIG{name}"
    return int(signal.Signals[name]) if name in signal.Signals.__members__ else None

"""The signals that stop containers."""

import signal
from typing import Any


def stop_signal(value: Any) -> int | None:
    """Return the number of a container's stop signal. Podman 4 has the number, 5 the name."""
    if isinstance(value, int):
        return value if 0 < value < 65 else None
    name = str(value or "").upper()
    if name.isdecimal():
        return stop_signal(int(name))
    name = name if name.startswith("SIG") else f"SIG{name}"
    return int(signal.Signals[name]) if name in signal.Signals.__members__ else None

"""Sizes and durations in the notations of Podman and Docker."""

import re
from decimal import Decimal

from engine.schema.messages import msg

_UNITS = {"": 1, "b": 1, "k": 1024, "m": 1024**2, "g": 1024**3, "t": 1024**4, "p": 1024**5}
_SECONDS = {
    "ns": Decimal("1e-9"),
    "us": Decimal("1e-6"),
    "µs": Decimal("1e-6"),
    "μs": Decimal("1e-6"),
    "ms": Decimal("1e-3"),
    "s": Decimal(1),
    "m": Decimal(60),
    "h": Decimal(3600),
}
_DURATION = re.compile(r"(\d{1,18}(?:\.\d{0,18})?|\.\d{1,18})(ns|us|µs|μs|ms|s|m|h)")
MOST_BYTES = 2**63 - 1


def size(text: str) -> int:
    """Return the bytes of `512m`, `1.5g`, or `1073741824b`. Raises ValueError."""
    found = re.fullmatch(
        r"([0-9]{1,30}(?:\.[0-9]{1,30})?) ?([bkmgtp]?)(?:i?b)?", text.strip().lower()
    )
    if not found:
        raise ValueError(
            msg("%(text)s is no size: a number with b, k, m or g.", text=f"{text[:100]!r}")
        )
    count = int(Decimal(found[1]) * _UNITS[found[2]])
    if count > MOST_BYTES:
        raise ValueError(msg("%(text)s is more than any host has.", text=f"{text[:100]!r}"))
    return count


def seconds(text: str) -> int:
    """Return the whole seconds of a Go duration (`30s`, `1m30s`, `1h`) or of `30`.

    Raises ValueError.
    """
    text = text.strip()
    if re.fullmatch(r"[0-9]{1,9}", text):
        return int(text)
    parts = _DURATION.findall(text)
    if not parts or "".join(number + unit for number, unit in parts) != text:
        raise ValueError(
            msg("%(text)s is no duration such as 30s or 1m30s.", text=f"{text[:100]!r}")
        )
    total = sum((Decimal(number) * _SECONDS[unit] for number, unit in parts), Decimal(0))
    if total != int(total):
        raise ValueError(msg("%(text)s is not a whole number of seconds.", text=f"{text[:100]!r}"))
    return int(total)

"""The process limits that Podman's command line sets for every container.

Podman 4 computes them (from containers.conf, the kernel's pid_max, and its own limits) while it
parses its command line, so containers created by its API lack them. From 5 on, both have them. The
help text of Podman shows the computed value as the default of `--ulimit`.
"""

import re

from engine.process import programs

_DEFAULT = re.compile(r"^[ \t]*--ulimit \w+ .*\(default \[([^][\n]+)\]\)$", re.M)
_LIMIT = re.compile(r"(?<!\w)(\w+)=(-?\d+)(?::(-?\d+))?")
_NO_LIMIT = 2**64


async def default_ulimits() -> list[dict[str, str | int]]:
    """Return them as `r_limits` of libpod's create call, or [] for none. Raises EngineError."""
    ended = await programs.run("podman", "create", "--help")
    found = _DEFAULT.search(ended.output)
    return _parsed(found[1]) if found else []


def _parsed(text: str) -> list[dict[str, str | int]]:
    """Parse `nproc=32768:32768,nofile=1024`: name=soft[:hard], -1 for no limit."""
    limits: list[dict[str, str | int]] = []
    for word in text.split(","):
        if word.strip() == "host":
            return []
        if found := _LIMIT.fullmatch(word.strip()):
            name, soft, hard = found.groups()
            # The kernel's "no limit" is the largest 64-bit number.
            low, high = (int(each) % _NO_LIMIT for each in (soft, hard or soft))
            limits.append({"type": name, "soft": low, "hard": high})
    return limits

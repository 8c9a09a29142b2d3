"""Determine whether a unit starts at boot, from the graph of units that start each other.

The account's manager starts `default.target`, which starts whatever it wants, requires, binds to,
or upholds (systemd.unit(5)), also through other units: a pod's service starts with its container's.
"""

from collections.abc import Mapping

from engine.schema.errors import EngineError, ErrorCode
from engine.systemd.user_manager import Systemd

_STARTED_BY = ("WantedBy", "RequiredBy", "UpheldBy", "BoundBy")
_TARGET = "default.target"
_MOST_STEPS = 500


class Boot:
    """Answers for the units of one moment. Queries systemd about each unit once."""

    def __init__(self, systemd: Systemd, links: Mapping[str, set[str]]) -> None:
        self.systemd = systemd
        self.links = links
        self._starters: dict[str, set[str]] = {}
        self._roots: set[str] | None = None

    def know(self, unit: str, facts: Mapping[str, object]) -> None:
        """Add properties that are already known."""
        if facts:
            self._starters[unit] = _starters(facts)

    async def starts(self, unit: str) -> bool:
        """Return whether `default.target` starts it. Raises EngineError if systemd is gone."""
        roots = await self._targets()
        waiting, visited = [unit], {unit}
        while waiting and len(visited) < _MOST_STEPS:
            above = await self._above(waiting.pop())
            if above & roots:
                return True
            waiting += sorted(above - visited)
            visited |= above
        return False

    async def starters(self, unit: str) -> list[str]:
        """Return the units that start it, whether or not they start at boot."""
        return sorted(await self._above(unit))

    async def _above(self, unit: str) -> set[str]:
        if unit not in self._starters:
            try:
                self._starters[unit] = _starters(await self.systemd.properties(unit))
            except EngineError as error:
                if error.report.code in (ErrorCode.UNAVAILABLE, ErrorCode.TIMEOUT):
                    raise
                self._starters[unit] = set()  # a name that systemd does not know starts nothing
        return self._starters[unit] | self.links.get(unit, set())

    async def _targets(self) -> set[str]:
        if self._roots is None:
            facts = await self.systemd.properties(_TARGET)
            self._roots = {_TARGET, *(str(each) for each in facts.get("Names") or [])}
        return self._roots


def _starters(facts: Mapping[str, object]) -> set[str]:
    found: set[str] = set()
    for name in _STARTED_BY:
        value = facts.get(name)
        found |= {str(each) for each in value} if isinstance(value, list) else set()
    return found

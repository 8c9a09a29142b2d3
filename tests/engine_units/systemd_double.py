"""A user manager and a Podman that answer from tables, for tests of what uses the answers."""

import re
from fnmatch import fnmatchcase
from typing import Any

from engine.schema.errors import EngineError, ErrorCode

_VALID = re.compile(r"[a-zA-Z0-9:_.\\-][a-zA-Z0-9:_.@\\-]{0,250}\.(service|target)")


class SystemdDouble:
    """Knows units by name; refuses the names that systemd refuses."""

    def __init__(self, **units: dict[str, Any]) -> None:
        self.units: dict[str, dict[str, Any]] = {"default.target": {"Names": ["default.target"]}}
        self.file_states: dict[str, str] = {}
        self.broken: dict[str, EngineError] = {}
        self.gone = False

    def add(self, unit: str, **facts: Any) -> None:
        """Add a loaded unit."""
        self.units[unit] = {"Id": unit, "LoadState": "loaded", "ActiveState": "active", **facts}

    def _answers(self) -> None:
        if self.gone:
            raise EngineError(ErrorCode.UNAVAILABLE, "The session bus is gone.")

    async def manager(self, name: str) -> Any:
        self._answers()
        return "257"

    async def properties(self, unit: str) -> dict[str, Any]:
        self._answers()
        if unit in self.broken:
            raise self.broken[unit]
        if not _VALID.fullmatch(unit):
            raise EngineError(ErrorCode.INVALID, f"Unit name {unit} is not valid.")
        if "@." in unit:
            raise EngineError(ErrorCode.INVALID, f"Unit name {unit} is missing the instance name.")
        return self.units.get(unit, {"Id": unit, "LoadState": "not-found"})

    async def loaded(self, *patterns: str) -> list[str]:
        self._answers()
        return [unit for unit in self.units if any(fnmatchcase(unit, each) for each in patterns)]

    async def file_state(self, unit: str) -> str:
        self._answers()
        if unit not in self.file_states:
            raise EngineError(ErrorCode.NOT_FOUND, f"Unit {unit} not found.")
        return self.file_states[unit]


class PodmanDouble:
    """Has some containers."""

    def __init__(self) -> None:
        self.containers: dict[str, dict[str, Any]] = {}

    def add(self, name: str, unit: str = "") -> None:
        """Add a running container."""
        labels = {"PODMAN_SYSTEMD_UNIT": unit} if unit else {}
        self.containers[name] = {
            "Id": f"{len(self.containers):064x}", "Names": [name], "State": "running",
            "Labels": labels,
        }  # fmt: skip

    async def call(self, method: str, path: str, **_: Any) -> Any:
        if path == "/containers/json":
            return list(self.containers.values())
        name = path.split("/")[2]
        row = self.containers[name]
        return {"Id": row["Id"], "Name": name, "Config": {"Labels": row["Labels"]}}

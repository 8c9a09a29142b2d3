"""An attempt to do something under a policy."""

from dataclasses import dataclass
from typing import Any

from launch.demo import IMAGE

EVIL = "evil.example/team/miner:1"
FINE = IMAGE


@dataclass(frozen=True)
class Attempt:
    """One attempt, and the rule that must refuse it."""

    rule: str
    kind: str
    parameters: dict[str, Any]

    def __str__(self) -> str:
        text = " ".join(str(value) for value in self.parameters.values())
        return f"{self.kind}-{self.rule}-{text}"[:90].replace("\n", "|")

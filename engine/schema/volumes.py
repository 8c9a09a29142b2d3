"""Operations on volumes: their parameters."""

from typing import ClassVar

from engine.schema.containers import Pruned
from engine.schema.messages import msg
from engine.schema.parameters import Parameters, Result


class VolumePrune(Parameters):
    """`podman volume prune`: remove every volume that no container uses, including its data."""

    kind: ClassVar[str] = "volume.prune"
    label: ClassVar[str] = msg("Remove unused volumes")
    harmless: ClassVar[bool] = True
    destructive: ClassVar[bool] = True
    repeatable: ClassVar[bool] = True
    result: ClassVar[type[Result]] = Pruned

    def target(self) -> str:
        return ""

    def command(self) -> list[str]:
        return ["podman", "volume", "prune", "--force"]

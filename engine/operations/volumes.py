"""Operations on volumes."""

from engine.operations.containers import pruned
from engine.operations.context import Work
from engine.schema.containers import Pruned
from engine.schema.volumes import VolumePrune


async def prune(work: Work, parameters: VolumePrune) -> Pruned:
    """Remove what no container uses."""
    return pruned(await work.podman.call("POST", "/volumes/prune"), "volume")

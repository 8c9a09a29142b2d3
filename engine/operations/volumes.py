"""Operations on volumes."""

from engine.operations.context import OperationContext
from engine.podman import api
from engine.podman.answers import pruned
from engine.schema.containers import Pruned
from engine.schema.volumes import VolumePrune


async def prune(context: OperationContext, parameters: VolumePrune) -> Pruned:
    """Remove all volumes that no container uses."""
    return pruned(await api.prune_volumes(context.podman), "volume")

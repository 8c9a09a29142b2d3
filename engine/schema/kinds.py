"""The table of all kinds of operations. To add a kind, add a class and a line here."""

from typing import Any

from engine.schema import (
    archives,
    builds,
    containers,
    images,
    manifests,
    registries,
    transfers,
    units,
    volumes,
)
from engine.schema.messages import msg
from engine.schema.parameters import Parameters

KINDS: dict[str, type[Parameters]] = {
    model.kind: model
    for model in (
        containers.ContainerRun,
        containers.ContainerReplace,
        containers.ContainerStart,
        containers.ContainerStop,
        containers.ContainerRestart,
        containers.ContainerKill,
        containers.ContainerPause,
        containers.ContainerUnpause,
        containers.ContainerRename,
        containers.ContainerRemove,
        containers.ContainerPrune,
        containers.ContainerCommit,
        builds.ImageBuild,
        images.ImagePull,
        images.ImagePush,
        images.ImageRemove,
        images.ImagePrune,
        images.ImageTag,
        images.ImageUntag,
        archives.ImageSave,
        archives.ImageLoad,
        archives.ImageShare,
        manifests.ManifestCreate,
        manifests.ManifestAdd,
        manifests.ManifestRemove,
        manifests.ManifestPush,
        volumes.VolumePrune,
        registries.RegistriesEdit,
        registries.RegistryLogin,
        registries.RegistryLogout,
        registries.RegistryTrust,
        registries.RegistryDistrust,
        transfers.ImageCopy,
        transfers.ImageSync,
        transfers.ImageDeleteRemote,
        units.UnitWrite,
        units.UnitDelete,
        units.UnitRestore,
        units.UnitDaemonReload,
        units.UnitStart,
        units.UnitStop,
        units.UnitRestart,
        units.UnitEnable,
        units.UnitDisable,
        units.UnitResetFailed,
        units.UnitConvert,
        units.ContainerAutostart,
        units.AutoUpdateRun,
        units.AutoUpdateEnable,
        units.AutoUpdateDisable,
        units.LingerEnable,
        units.LingerDisable,
    )
}


class UnknownKind(ValueError):
    """Raised for a kind that is not in the table."""


def parse(kind: str, parameters: dict[str, Any]) -> Parameters:
    """Return the typed parameters of an operation.

    Raises UnknownKind, or pydantic.ValidationError with the paths of the invalid values.
    """
    if kind not in KINDS:
        raise UnknownKind(msg("there is no kind of operation called %(kind)s", kind=f"{kind!r}"))
    return KINDS[kind].model_validate(parameters)

"""Which function carries out which kind. A new kind is one line here."""

from engine.operations import containers, images, launch, pulls, registries, transfers
from engine.operations.work import Perform

PERFORM: dict[str, Perform] = {
    "container.run": launch.run,
    "container.start": containers.start,
    "container.stop": containers.stop,
    "container.restart": containers.restart,
    "container.kill": containers.kill,
    "container.pause": containers.pause,
    "container.unpause": containers.unpause,
    "container.rename": containers.rename,
    "container.remove": containers.remove,
    "container.prune": containers.prune,
    "container.commit": containers.commit,
    "image.pull": pulls.pull,
    "image.remove": images.remove,
    "image.prune": images.prune,
    "image.tag": images.tag,
    "image.untag": images.untag,
    "registries.edit": registries.edit,
    "registry.login": registries.login,
    "registry.logout": registries.logout,
    "registry.trust": registries.trust,
    "registry.distrust": registries.distrust,
    "image.copy": transfers.copy,
    "image.sync": transfers.sync,
    "image.delete-remote": transfers.delete_remote,
}

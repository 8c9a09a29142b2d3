"""Which function carries out which kind. A new kind is one line here."""

from engine.operations import (
    archives,
    builds,
    containers,
    images,
    launch,
    manifests,
    pulls,
    pushes,
    sharing,
    volumes,
)
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
    "image.build": builds.build,
    "image.pull": pulls.pull,
    "image.push": pushes.push,
    "image.remove": images.remove,
    "image.prune": images.prune,
    "image.tag": images.tag,
    "image.untag": images.untag,
    "image.save": archives.save,
    "image.load": archives.load,
    "image.share": sharing.share,
    "manifest.create": manifests.create,
    "manifest.add": manifests.add,
    "manifest.remove": manifests.remove,
    "manifest.push": manifests.push,
    "volume.prune": volumes.prune,
}

"""Which function carries out which kind. A new kind is one line here."""

from engine.operations import containers, images, launch, pulls, replace
from engine.operations.work import Find, Perform

PERFORM: dict[str, Perform] = {
    "container.run": launch.run,
    "container.replace": replace.run,
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
}

RECOVER: dict[str, Find] = {"container.run": launch.find, "container.replace": replace.find}
"""For kinds that make a container: how to find it after the engine died in the middle."""

"""Extract what an operation's parameters request. An unlisted kind requests the worst.

engine/admission.py adds what only the engine can find out: where a link leads, what an earlier
version contains, how many containers exist.
"""

from collections.abc import Callable
from typing import Any

from engine.policy import containerfile, image_names, quadlet
from engine.policy import requests as r
from engine.schema import archives, builds, containers, images, manifests, registries, transfers
from engine.schema import units as unit_kinds
from engine.schema.kinds import KINDS
from engine.schema.messages import msg
from engine.schema.parameters import Parameters
from engine.schema.queries import ContainerTerminal
from engine.schema.query import Query


def requests_of(parameters: Parameters) -> list[r.Request]:
    """Return everything in the parameters that a policy may limit."""
    if parameters.kind in _REQUESTS:
        return _REQUESTS[parameters.kind](parameters)
    if parameters.harmless:
        return []
    return [
        r.Raw(description=msg("%(label)s, which policies do not know,", label=parameters.label))
    ]


def requests_of_query(query: Query) -> list[r.Request]:
    """Return the same for a query."""
    return [r.Terminal(recorded=query.recorded)] if isinstance(query, ContainerTerminal) else []


def _run(wanted: containers.ContainerRun) -> list[r.Request]:
    found: list[r.Request] = [r.Image(name=wanted.image, field="image")]
    if wanted.kind == containers.ContainerRun.kind:
        found.append(r.OneMore())
    found.append(r.Space())
    for at, volume in enumerate(wanted.volumes):
        if volume.source.startswith("/"):
            # With U, Podman changes the owner of the source, even for a read-only mount.
            closed = volume.read_only and not volume.chown
            found.append(
                r.Bind(source=volume.source, read_only=closed, field=f"volumes.{at}.source")
            )
    for at, port in enumerate(wanted.ports):
        first = port.host_port
        last = first + port.length - 1 if first else 0
        found.append(r.Port(first=first, last=last, field=f"ports.{at}.host_port"))
    found += quadlet.network(wanted.network, "network")
    limits = r.Limits(memory=wanted.memory, cpus=wanted.cpus, pids=wanted.pids, field="memory")
    return [*found, limits]


def _commit(wanted: containers.ContainerCommit) -> list[r.Request]:
    return [r.Build(), r.Image(name=wanted.image, use="name", field="image"), r.Space()]


def _build(wanted: builds.ImageBuild) -> list[r.Request]:
    found: list[r.Request] = [r.Build(), r.Space()]
    found += [r.Image(name=tag, use="name", field="tags") for tag in wanted.tags]
    if wanted.push_to:
        found.append(r.Registry(name=wanted.push_to, field="push_to"))
    if wanted.containerfile.strip():
        found += containerfile.requests(wanted.containerfile, wanted.build_args)
    elif (wanted.containerfile_path or "").endswith(".in"):
        # Buildah runs these through the C preprocessor, whose #include can read any file.
        found.append(
            r.Raw(
                description=msg("A Containerfile with #include (.in)"), field="containerfile_path"
            )
        )
    return found


def _pull(wanted: images.ImagePull) -> list[r.Request]:
    return [r.Image(name=wanted.image, field="image"), r.Space()]


def _push(wanted: images.ImagePush | manifests.ManifestPush) -> list[r.Request]:
    return [r.Registry(name=wanted.destination, field="destination")]


def _tag(wanted: images.ImageTag) -> list[r.Request]:
    return [
        r.Image(name=wanted.image, use="name", field="image"),
        r.Image(name=wanted.tag, use="name", field="tag"),
    ]


def _load(wanted: archives.ImageLoad) -> list[r.Request]:
    return [r.Archive(field="archive"), r.Space()]


def _share(wanted: archives.ImageShare) -> list[r.Request]:
    found: list[r.Request] = [r.Archive(field="image"), r.Space()]
    if wanted.tag or not image_names.is_id(wanted.image):
        found.append(r.Image(name=wanted.tag or wanted.image, use="name", field="image"))
    return found


def _manifest_create(wanted: manifests.ManifestCreate) -> list[r.Request]:
    found: list[r.Request] = [r.Image(name=wanted.name, use="name", field="name")]
    return found + [r.Image(name=each, use="name", field="images") for each in wanted.images]


def _manifest_add(wanted: manifests.ManifestAdd) -> list[r.Request]:
    use = r.Image(name=wanted.image, field="image") if wanted.remote else None
    return [use or r.Image(name=wanted.image, use="name", field="image")]


def _copy(wanted: transfers.ImageCopy | transfers.ImageSync) -> list[r.Request]:
    return [
        r.Registry(name=wanted.source, field="source"),
        r.Registry(name=wanted.destination, field="destination"),
    ]


def _delete_remote(wanted: transfers.ImageDeleteRemote) -> list[r.Request]:
    return [r.Registry(name=wanted.image, field="image")]


def _sign_in(wanted: registries.RegistryLogin | registries.RegistryTrust) -> list[r.Request]:
    return [r.Registry(name=wanted.registry, field="registry")]


def _registries(wanted: registries.RegistriesEdit) -> list[r.Request]:
    """Request the places of an edit: an allowed name must not lead to a forbidden registry."""
    leads: set[str] = set()
    match wanted.edit:
        case registries.SetSearch(registries=names):
            places = list(names)
        case registries.SetRegistry() as edit:
            places = [edit.location or edit.prefix, *(each.location for each in edit.mirrors)]
            leads = {place for place in places if place != edit.prefix}
        case registries.SetAlias(value=value):
            return [r.Image(name=value, use="name", field="edit")]
        case registries.ReplaceText():
            return [r.Raw(description=msg("A whole registries.conf"), field="edit")]
        case _:
            places = []
    return [r.Registry(name=place, leads=place in leads, field="edit") for place in places]


def _unit(wanted: unit_kinds.UnitWrite) -> list[r.Request]:
    return quadlet.requests(wanted.file, wanted.text, new=not wanted.digest)


_REQUESTS: dict[str, Callable[[Any], list[r.Request]]] = {
    "container.run": _run,
    "container.replace": _run,
    "container.commit": _commit,
    "image.build": _build,
    "image.pull": _pull,
    "image.push": _push,
    "image.tag": _tag,
    "image.load": _load,
    "image.share": _share,
    "manifest.create": _manifest_create,
    "manifest.add": _manifest_add,
    "manifest.push": _push,
    "image.copy": _copy,
    "image.sync": _copy,
    "image.delete-remote": _delete_remote,
    "registry.login": _sign_in,
    "registry.trust": _sign_in,
    "registries.edit": _registries,
    "unit.write": _unit,
}


def unclassified() -> set[str]:
    """Return the kinds that state neither. Every policy refuses them.

    A kind states for itself that it is harmless: it does not inherit that.
    """
    harmless = {kind for kind, model in KINDS.items() if vars(model).get("harmless")}
    return set(KINDS) - set(_REQUESTS) - harmless

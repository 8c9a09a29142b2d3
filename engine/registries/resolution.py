"""Resolve image names as Podman does: short names, the registry's entry, mirrors, blocks.

The rules are those of containers/image, which Podman, Skopeo, and Buildah share: an alias takes
precedence over the search list, the longest matching prefix decides, and mirrors come before the
location itself.
"""

import re

from engine.registries.registries_conf import Effective
from engine.schema import image_names
from engine.schema.messages import msg
from engine.schema.registry_facts import Attempt, Candidate, Registry, Resolution

_REFERENCE = re.compile(
    r"^(?P<name>[a-zA-Z0-9\[][a-zA-Z0-9._:\[\]/-]*?)"
    r"(?::(?P<tag>[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}))?(?:@(?P<digest>[a-z0-9]+:[0-9a-f]{32,}))?$"
)


def resolve(short: str, effective: Effective) -> Resolution:
    """Return what `podman pull` would try for `asked`, in order."""
    text = short.removeprefix("docker://")
    if problem := image_names.refusal(text):
        return refused(
            short,
            msg("%(problem)s.", problem=problem),
            msg("A name is like registry.example/team/app:1."),
        )
    found = _REFERENCE.match(text)
    if not found:
        return refused(
            short, msg("This is no image reference."), msg("Like registry.example/team/app:1.")
        )
    name, tag, digest = found["name"], found["tag"], found["digest"]
    suffix = (f":{tag}" if tag else "") + (f"@{digest}" if digest else "") or ":latest"
    if _is_whole(name):
        candidates = [_candidate(_normal(name), suffix, bool(digest), effective)]
        return Resolution(asked=short, how="whole", origin="", candidates=candidates)
    alias = effective.aliases.get(name)
    if alias and alias.value:
        candidates = [_candidate(_normal(alias.value), suffix, bool(digest), effective)]
        return Resolution(asked=short, how="alias", origin=alias.origin, candidates=candidates)
    if not effective.search:
        return refused(
            short,
            msg(
                "%(name)s is a short name that no alias explains, and there is no search list.",
                name=name,
            ),
            msg("Write the whole name with its registry, or add an alias or a registry to search."),
        )
    candidates = [
        _candidate(_normal(f"{host}/{name}"), suffix, bool(digest), effective)
        for host in effective.search
    ]
    origin = effective.search_origin
    if effective.mode == "enforcing" and len(candidates) > 1:
        return Resolution(
            asked=short,
            how="refused",
            origin=effective.mode_origin,
            candidates=candidates,
            problem=msg(
                "Short names are enforced, and this one may stand for several images: Podman "
                "would ask a person at a terminal, and refuses without one."
            ),
            remedy=msg("Write the whole name, or add an alias."),
        )
    return Resolution(asked=short, how="search", origin=origin, candidates=candidates)


def find_registry(name: str, effective: Effective) -> Registry | None:
    """Return the entry with the longest prefix of a complete name without a tag."""
    fitting = [
        each for each in effective.registries.values() if _match(name, each.prefix) is not None
    ]
    return max(fitting, key=lambda each: len(each.prefix), default=None)


def _candidate(name: str, suffix: str, by_digest: bool, effective: Effective) -> Candidate:
    registry = find_registry(name, effective)
    whole = name + suffix
    if registry is None:
        attempts = [Attempt(reference=whole, mirror=False, insecure=False)]
        return Candidate(name=whole, prefix="", origin="", blocked=False, attempts=attempts)
    attempts = []
    for mirror in registry.mirrors:
        wanted = "digest-only" if registry.mirror_by_digest_only else mirror.pull_from
        if wanted == "all" or (wanted == "digest-only") == by_digest:
            reference = _rewritten(whole, registry.prefix, mirror.location)
            attempts.append(Attempt(reference=reference, mirror=True, insecure=mirror.insecure))
    reference = _rewritten(whole, registry.prefix, registry.location)
    attempts.append(Attempt(reference=reference, mirror=False, insecure=registry.insecure))
    return Candidate(
        name=whole,
        prefix=registry.prefix,
        origin=registry.origin,
        blocked=registry.blocked,
        attempts=[] if registry.blocked else attempts,
    )


def _match(reference: str, prefix: str) -> int | None:
    """Return the number of characters of `reference` that the prefix covers, or None."""
    if prefix.startswith("*."):
        at = reference.find(prefix[1:])
        if at < 0 or "/" in reference[:at]:
            return None
        end = at + len(prefix) - 1
    else:
        if not reference.startswith(prefix):
            return None
        end = len(prefix)
    return end if reference[end : end + 1] in ("", ":", "/", "@") else None


def _rewritten(reference: str, prefix: str, location: str) -> str:
    end = _match(reference, prefix)
    # With a wildcard and no location, every name keeps its own host.
    return location + reference[end:] if location and end is not None else reference


def _is_whole(name: str) -> bool:
    host, slash, _ = name.partition("/")
    return bool(slash) and ("." in host or ":" in host or host == "localhost")


def _normal(name: str) -> str:
    """Add the namespace `library` of Docker Hub's own images."""
    host, _, path = name.partition("/")
    if host in ("docker.io", "index.docker.io"):
        return f"docker.io/{path if '/' in path else f'library/{path}'}"
    return name


def refused(short: str, problem: str, remedy: str) -> Resolution:
    """Return a resolution for which nothing is tried."""
    return Resolution(
        asked=short, how="refused", origin="", candidates=[], problem=problem, remedy=remedy
    )

"""Answers of an engine about registries. Each is the `data` of a `Document`."""

from typing import Literal

from engine.schema.messages import Prose
from engine.schema.moments import Moment
from engine.schema.parameters import Model
from engine.schema.registries import Mirror


class ConfigurationFile(Model):
    """One file that Podman reads. Files are listed in that order; later ones take precedence."""

    path: str
    owner: Literal["host", "account"]
    version: Literal[1, 2] = 2
    used: bool = True
    """False: another file replaces it."""
    error: Prose = ""


class Registry(Model):
    """One effective [[registry]], and the file that defines it."""

    prefix: str
    location: str
    insecure: bool = False
    blocked: bool = False
    mirror_by_digest_only: bool = False
    mirrors: list[Mirror] = []
    origin: str
    own: bool
    """Whether the account's own registries.conf, which Berth can edit, defines it."""


class Alias(Model):
    """An effective short name."""

    name: str
    value: str
    """"" if a later file removes the alias."""
    origin: str
    own: bool


class SignIn(Model):
    """A registry with a stored login, never with the password."""

    registry: str
    """"" for a file that cannot be used: `error` says why."""
    username: str
    origin: str
    error: Prose = ""


class Certificate(Model):
    """A certificate authority that the account (or the host) trusts for one registry."""

    registry: str
    subject: str
    expires: Moment | None
    origin: str
    own: bool
    error: Prose = ""


class PolicyRule(Model):
    """What the policy requires of images in one scope."""

    transport: str
    """"" for the default, otherwise a transport such as docker."""
    scope: str
    """A name or a prefix; "" for the whole transport."""
    requirement: Literal["accept", "reject", "signed", "unknown"]


class Policy(Model):
    """The effective signature policy (containers-policy.json(5))."""

    origin: str
    text: str
    accepts_anything: bool
    """Whether unsigned images are accepted by default."""
    rules: list[PolicyRule] = []
    """The rules, with the default first."""
    error: Prose = ""
    """Why it cannot be used. Podman then cannot pull anything."""


class Configuration(Model):
    """Everything that determines where the account's images come from."""

    problem: Prose = ""
    """Why Podman refuses the files, in its own words. It then cannot pull anything."""
    files: list[ConfigurationFile]
    search: list[str]
    search_origin: str
    registries: list[Registry]
    aliases: list[Alias]
    mode: str
    mode_origin: str
    own_path: str
    own_text: str
    own_digest: str
    """"" if the account has no file of its own."""
    own_version: Literal[1, 2]
    own_error: Prose = ""
    sign_ins: list[SignIn]
    certificates: list[Certificate]
    policy: Policy


class Attempt(Model):
    """One address that Podman tries for an image, in order."""

    reference: str
    mirror: bool
    insecure: bool


class Candidate(Model):
    """One complete name that a name may resolve to, and the addresses to try for it."""

    name: str
    prefix: str
    """The prefix of the [[registry]] that applies, or ""."""
    origin: str
    blocked: bool
    attempts: list[Attempt]


class Resolution(Model):
    """How Podman would resolve a name."""

    asked: str
    how: Literal["whole", "alias", "search", "refused"]
    origin: str
    """The file that determines the resolution."""
    candidates: list[Candidate]
    local: str = ""
    """The name of a local image that a short name already matches. A pull uses that name."""
    problem: Prose = ""
    remedy: Prose = ""


class CheckStep(Model):
    """One step of a registry test."""

    name: Literal["configuration", "address", "tls", "api", "sign-in"]
    state: Literal["good", "bad", "warning", "skipped"]
    detail: Prose
    remedy: Prose = ""
    milliseconds: float | None = None


class Check(Model):
    """A registry as the account currently reaches it."""

    registry: str
    insecure: bool
    steps: list[CheckStep]


class Names(Model):
    """One page of a catalog or of tags. `next` starts the following page; "" at the end."""

    names: list[str]
    next: str = ""


class Found(Model):
    """One line of `podman search`."""

    registry: str
    name: str
    description: str
    stars: int
    official: bool


class Search(Model):
    """The results, and the registries that could not be searched."""

    found: list[Found]
    problems: list[Prose]


class Platform(Model):
    """One image of a manifest list."""

    os: str
    architecture: str
    variant: str = ""
    digest: str
    size: int


class RemoteImage(Model):
    """An image in a registry, not pulled. Its labels and names are untrusted."""

    reference: str
    digest: str
    media_type: str
    created: str
    architecture: str
    os: str
    size: int
    """Bytes of the compressed layers."""
    layers: list[tuple[str, int]]
    platforms: list[Platform]
    environment: list[str]
    labels: dict[str, str]
    command: list[str]
    entrypoint: list[str]
    local: str
    """The digest of the account's own image of that name, or ""."""
    update: bool
    """The account has an image of that name, and the registry has a different one."""


class Update(Model):
    """How one of the account's images compares with the registry's image of that name."""

    image: str
    state: Literal["update", "same", "unknown"]
    digest: str = ""
    """The digest in the registry."""
    problem: Prose = ""
    """Why it is unknown."""


class Updates(Model):
    """One entry for each requested name, in the requested order."""

    images: list[Update]

"""What an engine answers about registries; each is the `data` of a `Document`."""

from typing import Literal

from engine.schema.moments import Moment
from engine.schema.parameters import Model
from engine.schema.registries import Mirror


class ConfigurationFile(Model):
    """One file that Podman reads, in the order in which they are read; later ones win."""

    path: str
    owner: Literal["host", "account"]
    version: Literal[1, 2] = 2
    used: bool = True
    """False: another file stands in for it."""
    error: str = ""


class Registry(Model):
    """One [[registry]] in force, and the file that says so."""

    prefix: str
    location: str
    insecure: bool = False
    blocked: bool = False
    mirror_by_digest_only: bool = False
    mirrors: list[Mirror] = []
    origin: str
    own: bool
    """Whether the account's own registries.conf says so, which Berth can edit."""


class Alias(Model):
    """A short name in force."""

    name: str
    value: str
    """"" where a later file takes the alias away."""
    origin: str
    own: bool


class SignIn(Model):
    """A registry that the account is signed in to; never the password."""

    registry: str
    """"" for a file that cannot be used: `error` says why."""
    username: str
    origin: str
    error: str = ""


class Certificate(Model):
    """An authority that the account (or the host) trusts for one registry."""

    registry: str
    subject: str
    expires: Moment | None
    origin: str
    own: bool
    error: str = ""


class PolicyRule(Model):
    """What the policy asks of the images of one scope."""

    transport: str
    """"" for the default, else such as docker."""
    scope: str
    """A name or its beginning, "" for all of the transport."""
    requirement: Literal["accept", "reject", "signed", "unknown"]


class Policy(Model):
    """The signature policy in force (containers-policy.json(5))."""

    origin: str
    text: str
    accepts_anything: bool
    """Whether unsigned images are accepted by default."""
    rules: list[PolicyRule] = []
    """The default first."""
    error: str = ""
    """Why it cannot be used: then nothing can be pulled."""


class Configuration(Model):
    """All that decides where the account's images come from."""

    problem: str = ""
    """Why Podman refuses the files, in its own words: then nothing can be pulled."""
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
    """"" where the account has no file of its own."""
    own_version: Literal[1, 2]
    own_error: str = ""
    sign_ins: list[SignIn]
    certificates: list[Certificate]
    policy: Policy


class Attempt(Model):
    """One address that is tried for an image, in order."""

    reference: str
    mirror: bool
    insecure: bool


class Candidate(Model):
    """One whole name that the asked name may stand for, and where it is then looked for."""

    name: str
    prefix: str
    """The [[registry]] that applies, "" for none."""
    origin: str
    blocked: bool
    attempts: list[Attempt]


class Resolution(Model):
    """What Podman would do with a name."""

    asked: str
    how: Literal["whole", "alias", "search", "refused"]
    origin: str
    """The file that made it so."""
    candidates: list[Candidate]
    local: str = ""
    """The name of an image in the store that a short name means already; a pull asks for that."""
    problem: str = ""
    remedy: str = ""


class CheckStep(Model):
    """One thing that was tried at a registry."""

    name: Literal["configuration", "address", "tls", "api", "sign-in"]
    state: Literal["good", "bad", "warning", "skipped"]
    detail: str
    remedy: str = ""
    milliseconds: float | None = None


class Check(Model):
    """A registry as the account sees it now."""

    registry: str
    insecure: bool
    steps: list[CheckStep]


class Names(Model):
    """One page of a catalogue or of tags; `next` is what to ask for after it, "" at the end."""

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
    """What was found, and which registries could not say."""

    found: list[Found]
    problems: list[str]


class Platform(Model):
    """One image of a list."""

    os: str
    architecture: str
    variant: str = ""
    digest: str
    size: int


class RemoteImage(Model):
    """An image at a registry, not pulled. Labels and names are other people's text."""

    reference: str
    digest: str
    media_type: str
    created: str
    architecture: str
    os: str
    size: int
    """Bytes of the layers, compressed."""
    layers: list[tuple[str, int]]
    platforms: list[Platform]
    environment: list[str]
    labels: dict[str, str]
    command: list[str]
    entrypoint: list[str]
    local: str
    """The digest of the account's own image of that name, "" for none."""
    update: bool
    """The account has an image of that name, and the registry another one."""


class Update(Model):
    """How one of the account's images compares with what its registry has under that name."""

    image: str
    state: Literal["update", "same", "unknown"]
    digest: str = ""
    """At the registry."""
    problem: str = ""
    """Why it is not known."""


class Updates(Model):
    """One for each name that was asked about, in that order."""

    images: list[Update]

"""Operations on an account's registries: their configuration, logins, and certificates.

Format: containers-registries.conf(5). Berth only ever changes the account's own file.
"""

from typing import Annotated, ClassVar, Literal

from pydantic import Field, StringConstraints, WrapSerializer, field_validator, model_validator

from engine.schema.messages import msg
from engine.schema.parameters import Lane, Line, Model, Parameters, Result, Secret, Text

RegistryHost = Annotated[
    str,
    StringConstraints(
        pattern=r"^([a-zA-Z0-9]([a-zA-Z0-9._-]*[a-zA-Z0-9])?|\[[0-9a-fA-F:]+\])(:[0-9]{1,5})?$",
        max_length=260,
        strip_whitespace=True,
    ),
]
"""host[:port], as in `podman login`."""
Place = Annotated[
    str,
    StringConstraints(
        pattern=r"^[a-zA-Z0-9\[][a-zA-Z0-9._:/\[\]-]*$", max_length=512, strip_whitespace=True
    ),
]
"""host[:port][/namespace…][/repository], without a scheme."""
Prefix = Annotated[
    str,
    StringConstraints(
        pattern=r"^(\*\.)?[a-zA-Z0-9\[][a-zA-Z0-9._:/@\[\]-]*$",
        max_length=512,
        strip_whitespace=True,
    ),
]
ShortName = Annotated[
    str,
    StringConstraints(
        pattern=r"^[a-z0-9]+([._-]+[a-z0-9]+)*(/[a-z0-9]+([._-]+[a-z0-9]+)*)*$",
        max_length=255,
        strip_whitespace=True,
    ),
]
Digest = Annotated[str, StringConstraints(pattern=r"^([0-9a-f]{64})?$")]
"""SHA-256 of the file that the user saw; "" if there was none."""
LARGEST_FILE = 512 * 1024


class Mirror(Model):
    """One [[registry.mirror]]."""

    location: Place
    insecure: bool = False
    pull_from: Literal["all", "digest-only", "tag-only"] = "all"


class SetSearch(Model):
    """Set unqualified-search-registries, in the order in which they are tried."""

    change: Literal["search"] = "search"
    registries: Annotated[list[RegistryHost], Field(max_length=50)]

    @field_validator("registries")
    @classmethod
    def _once(cls, value: list[str]) -> list[str]:
        if len(value) != len(set(value)):
            raise ValueError(msg("a registry is listed twice"))
        return value


class SetRegistry(Model):
    """Add a [[registry]], or change the one with the prefix `was`."""

    change: Literal["registry"] = "registry"
    was: Prefix | None = None
    prefix: Prefix
    location: Place | None = None
    """None: the same as the prefix (with a wildcard: each name's own host)."""
    insecure: bool = False
    blocked: bool = False
    mirror_by_digest_only: bool = False
    mirrors: Annotated[list[Mirror], Field(max_length=20)] = []

    @model_validator(mode="after")
    def _consistent(self) -> "SetRegistry":
        if self.prefix.startswith("*.") and ("/" in self.prefix or ":" in self.prefix):
            raise ValueError(
                msg("a prefix with a wildcard is a domain alone, without port or path")
            )
        if self.mirror_by_digest_only and any(each.pull_from != "all" for each in self.mirrors):
            raise ValueError(
                msg("mirrors for digests only, and a mirror with a rule of its own: choose")
            )
        return self


class RemoveRegistry(Model):
    """Remove a [[registry]]."""

    change: Literal["remove-registry"] = "remove-registry"
    prefix: Prefix


class SetAlias(Model):
    """Set a short name for a complete name."""

    change: Literal["alias"] = "alias"
    name: ShortName
    value: Annotated[
        str,
        StringConstraints(
            pattern=r"^[a-zA-Z0-9\[][a-zA-Z0-9._:\[\]-]*/[a-z0-9._/-]+$", max_length=512,
            strip_whitespace=True,
        ),
    ]  # fmt: skip

    @field_validator("value")
    @classmethod
    def _whole(cls, value: str) -> str:
        host, _, path = value.partition("/")
        if not ("." in host or ":" in host or host == "localhost"):
            raise ValueError(
                msg("the whole name begins with a registry, like registry.example/app")
            )
        if ":" in path or "@" in path:
            raise ValueError(msg("the whole name has no tag"))
        return value


class RemoveAlias(Model):
    """Remove an alias from the account's own file."""

    change: Literal["remove-alias"] = "remove-alias"
    name: ShortName


class SetShortNameMode(Model):
    """Set whether a short name may match several registries; "" for the host's setting."""

    change: Literal["short-name-mode"] = "short-name-mode"
    mode: Literal["enforcing", "permissive", "disabled", ""]


class ReplaceText(Model):
    """Replace the whole file with this text."""

    change: Literal["text"] = "text"
    text: Annotated[Text, StringConstraints(max_length=32_768)]


class ConvertFile(Model):
    """Rewrite a version 1 file in version 2."""

    change: Literal["convert"] = "convert"


Change = Annotated[
    SetSearch
    | SetRegistry
    | RemoveRegistry
    | SetAlias
    | RemoveAlias
    | SetShortNameMode
    | ReplaceText
    | ConvertFile,
    Field(discriminator="change"),
    # Always include the discriminator, even though each model has only one value for it.
    WrapSerializer(lambda value, dump: {"change": value.change, **dump(value)}),
]
_FILE = "~/.config/containers/registries.conf"


class RegistriesEdited(Result):
    """The digest of the file as it is now, for the next edit."""

    digest: str


class RegistriesEdit(Parameters):
    """Change the account's own registries.conf. Everything else in the file stays as it is."""

    kind: ClassVar[str] = "registries.edit"
    label: ClassVar[str] = msg("Change registries")
    result: ClassVar[type[Result]] = RegistriesEdited

    seen: Digest
    edit: Change

    def target(self) -> str:
        match self.edit:
            case SetRegistry(prefix=prefix) | RemoveRegistry(prefix=prefix):
                return prefix
            case SetAlias(name=name) | RemoveAlias(name=name):
                return name
        return "registries.conf"

    def command(self) -> list[str]:
        # No program makes this edit. On the command line, users open an editor.
        return ["editor", _FILE]


class RegistryLogin(Parameters):
    """`podman login`: store the password in the account's own auth file, and nowhere else."""

    kind: ClassVar[str] = "registry.login"
    label: ClassVar[str] = msg("Sign in to registry")
    repeatable: ClassVar[bool] = True
    lane: ClassVar[Lane] = Lane.SLOW

    registry: RegistryHost
    username: Annotated[Line, StringConstraints(min_length=1, max_length=255)]
    password: Secret
    tls_verify: bool = True

    @field_validator("password")
    @classmethod
    def _one_line(cls, value: Secret) -> Secret:
        text = value.get_secret_value()
        if not text:
            raise ValueError(msg("a password is needed"))
        if "\n" in text or "\r" in text or "\0" in text:
            raise ValueError(msg("a password is one line"))
        return value

    def target(self) -> str:
        return self.registry

    def command(self) -> list[str]:
        unverified = [] if self.tls_verify else ["--tls-verify=false"]
        return [
            *("podman", "login", f"--username={self.username}", "--password-stdin"),
            *unverified,
            *("--", self.registry),
        ]


class RegistryLogout(Parameters):
    """`podman logout`."""

    kind: ClassVar[str] = "registry.logout"
    label: ClassVar[str] = msg("Sign out of registry")
    harmless: ClassVar[bool] = True
    destructive: ClassVar[bool] = True
    repeatable: ClassVar[bool] = True

    registry: Place

    def target(self) -> str:
        return self.registry

    def command(self) -> list[str]:
        return ["podman", "logout", "--", self.registry]


class RegistryTrust(Parameters):
    """Trust a certificate authority for one registry (containers-certs.d(5))."""

    kind: ClassVar[str] = "registry.trust"
    label: ClassVar[str] = msg("Trust certificate authority")
    repeatable: ClassVar[bool] = True

    registry: RegistryHost
    certificate: Annotated[Text, StringConstraints(min_length=1)]
    """One or more certificates, PEM."""

    def target(self) -> str:
        return self.registry

    def command(self) -> list[str]:
        return ["install", "-D", "-m", "0644", "--", "ca.crt", _certificate(self.registry)]


class RegistryDistrust(Parameters):
    """Undo `registry.trust`."""

    kind: ClassVar[str] = "registry.distrust"
    label: ClassVar[str] = msg("Remove certificate authority")
    harmless: ClassVar[bool] = True
    destructive: ClassVar[bool] = True
    repeatable: ClassVar[bool] = True

    registry: RegistryHost

    def target(self) -> str:
        return self.registry

    def command(self) -> list[str]:
        return ["rm", "-f", "--", _certificate(self.registry)]


def _certificate(registry: str) -> str:
    return f"~/.config/containers/certs.d/{registry}/ca.crt"

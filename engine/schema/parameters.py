"""The base class of every operation's parameters, and the field types that they share."""

import re
from enum import StrEnum
from typing import Annotated, Any, ClassVar
from uuid import UUID

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    PlainSerializer,
    SecretStr,
    SerializationInfo,
    StringConstraints,
    model_validator,
)

from engine.schema.characters import REFUSAL, place_of_half
from engine.schema.messages import Prose, msg

REDACTED = "••••••"
SECRET_WORDS = re.compile(
    r"pass|pwd|secret|token|credential|private|apikey|auth(?!or)|(^|[_.-])key($|[_.-])", re.I
)
URL_WITH_PASSWORD = re.compile(r"://[^/\s:@]*:[^/\s@]+@")


class Model(BaseModel):
    """A frozen record that refuses unknown fields."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Lane(StrEnum):
    """How long operations of a kind occupy a worker. Each lane has its own limits."""

    QUICK = "quick"
    SLOW = "slow"


class Role(StrEnum):
    """The rights that a grant gives on a Linux account, weakest first."""

    VIEWER = "viewer"
    OPERATOR = "operator"
    OWNER = "owner"

    def covers(self, needed: "Role") -> bool:
        """Return whether this role includes all rights of `needed`."""
        order = list(Role)
        return order.index(self) >= order.index(needed)


def _reveal(value: SecretStr, info: SerializationInfo) -> str:
    context = info.context if isinstance(info.context, dict) else {}
    return value.get_secret_value() if context.get("reveal") else REDACTED


def _reveal_environment(value: dict[str, str], info: SerializationInfo) -> dict[str, str]:
    context = info.context if isinstance(info.context, dict) else {}
    if context.get("reveal"):
        return value
    return {name: REDACTED if is_secret(name, text) else text for name, text in value.items()}


def is_secret(name: str, value: str) -> bool:
    """Return whether a variable is a secret, by its name (`DB_PASSWORD`) or a password in a URL."""
    return bool(value) and bool(SECRET_WORDS.search(name) or URL_WITH_PASSWORD.search(value))


_DEEPEST_OPTION = 4


def redact_word(word: str) -> str:
    """Return a word of a command line with everything that looks like a secret masked.

    That is the value in `NAME=value`, also within options (`--env=NAME=value`, `-e=NAME=value`),
    and the password in a URL.
    """
    at = 0
    for _ in range(_DEEPEST_OPTION):
        equals = word.find("=", at)
        if equals < 0:
            break
        name, value = word[at:equals], word[equals + 1 :]
        if value and SECRET_WORDS.search(name):
            return f"{word[: equals + 1]}{REDACTED}"
        if not name.startswith("-"):
            break
        at = equals + 1
    else:
        if SECRET_WORDS.search(word, at):
            return f"{word[:at]}{REDACTED}"
    return URL_WITH_PASSWORD.sub(_redact_url, word)


def _redact_url(match: re.Match[str]) -> str:
    return f"{match[0][: match[0].index(':', 3) + 1]}{REDACTED}@"


def _without_nul(text: str) -> str:
    if "\0" in text:
        raise ValueError(msg("must not contain a NUL character"))
    return text


def whole_characters(given: Any) -> Any:
    """Refuse lone surrogates anywhere in the input."""
    place = place_of_half(given)
    if place is not None:
        raise ValueError(msg("%(place)s: %(why)s", place=place, why=REFUSAL) if place else REFUSAL)
    return given


def _environment(value: dict[str, str]) -> dict[str, str]:
    for name in value:
        if not name or "=" in name or "\0" in name or "\n" in name:
            # Never show what follows an equals sign: it may be a secret value.
            raise ValueError(
                msg("%(partition)s is not a variable name", partition=f"{name.partition('=')[0]!r}")
            )
    return value


Text = Annotated[str, AfterValidator(_without_nul), StringConstraints(max_length=32_768)]
LongText = Annotated[str, AfterValidator(_without_nul), StringConstraints(max_length=262_144)]
"""The text of a file, usually written by hand, sometimes by programs."""
Line = Annotated[str, StringConstraints(max_length=4_096, pattern=r"^[^\x00-\x1f\x7f]*$")]
# Podman's own rule for names. It also covers full and short ids.
ContainerName = Annotated[
    str, StringConstraints(pattern=r"^[a-zA-Z0-9][a-zA-Z0-9_.-]*$", max_length=253)
]
IMAGE_NAME = "the-name-of-an-image"
"""Marks the fields that engine/schema/image_names.py checks."""
# A reference (registry/name:tag@digest) or an id. It never starts with a dash.
ImageReference = Annotated[
    str,
    StringConstraints(
        pattern=r"^[a-zA-Z0-9][a-zA-Z0-9._:/@-]*$", max_length=512, strip_whitespace=True
    ),
    IMAGE_NAME,
]
# A reference that starts with its registry: host.example/…, host:port/…, localhost/….
RemoteReference = Annotated[
    str,
    StringConstraints(
        pattern=r"^([a-zA-Z0-9-]+(\.[a-zA-Z0-9-]+)+(:[0-9]+)?|[a-zA-Z0-9-]+:[0-9]+|localhost)"
        r"/[a-z0-9]+([._/-]+[a-z0-9]+)*(:[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127})?$",
        max_length=512,
        strip_whitespace=True,
    ),
]
Environment = Annotated[
    dict[str, Text], AfterValidator(_environment), PlainSerializer(_reveal_environment)
]
Secret = Annotated[SecretStr, PlainSerializer(_reveal)]


class Result(Model):
    """The result of a succeeded operation. Kinds that return more extend it."""

    summary: Prose = ""
    warnings: list[Prose] = []


class Parameters(Model):
    """The parameters of one kind of operation. The subclasses are the kinds (see `kinds.py`)."""

    _whole = model_validator(mode="before")(whole_characters)

    kind: ClassVar[str]
    label: ClassVar[str]
    """The text of its button: a verb and a noun."""
    lane: ClassVar[Lane] = Lane.QUICK
    role: ClassVar[Role] = Role.OPERATOR
    destructive: ClassVar[bool] = False
    """Requires a confirmation and has a red button."""
    harmless: ClassVar[bool] = False
    """Its parameters request nothing that a policy limits (else: engine/policy/extract.py).

    What only the engine can know, such as an earlier version's text, it evaluates itself.
    """
    repeatable: ClassVar[bool] = False
    """Running it twice has the same effect as running it once, so it runs again after a crash.

    For every other kind, the engine finds out how far it got (engine/operations/handlers.py).
    """
    stoppable: ClassVar[bool] = False
    """Cancelling stops it midway. Berth waits for the end of any other kind that has started."""
    urgent: ClassVar[bool] = False
    """Does not wait for an earlier operation on the same target."""
    result: ClassVar[type[Result]] = Result

    def command(self) -> list[str]:
        """Return the equivalent command line as an argument vector, with secrets redacted."""
        raise NotImplementedError

    def target(self) -> str:
        """Return the name of the object that it changes, or "" if there is none."""
        raise NotImplementedError

    def uploads(self) -> list[UUID]:
        """Return the uploads that it needs. The engine gets them beforehand (consoleapp/files)."""
        return []

    def other_accounts(self) -> list[str]:
        """Return keys of other accounts involved. The requester needs its role on them, too."""
        return []

    def relayed_image(self) -> str:
        """Return the image that comes from the first account in `elsewhere()`, or ""."""
        return ""

    def public(self) -> dict[str, Any]:
        """Return JSON-ready parameters with redacted secrets: for rows, audit events, and pages."""
        return self.model_dump(mode="json", exclude_defaults=True)

    def wire(self) -> dict[str, Any]:
        """Return JSON-ready parameters with clear secrets, only for encryption and the engine."""
        return self.model_dump(mode="json", exclude_defaults=True, context={"reveal": True})

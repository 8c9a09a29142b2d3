"""The errors that cross the socket. Each states what happened and what to try."""

from enum import StrEnum
from typing import Annotated

from pydantic import AfterValidator

from engine.schema.messages import LONGEST_TEXT, Prose, msg
from engine.schema.parameters import Model


def capped(text: str) -> str:
    """Return `text`, cut to the length limit."""
    return text if len(text) <= LONGEST_TEXT else text[:LONGEST_TEXT] + " […]"


Capped = Annotated[Prose, AfterValidator(capped)]


class ErrorCode(StrEnum):
    """The kind of an error, for programs to compare."""

    INVALID = "invalid"  # Podman cannot accept the parameters
    NOT_FOUND = "not_found"  # no such container, image, …
    CONFLICT = "conflict"  # a name is taken, a state does not allow it, or an object is in use
    FORBIDDEN = "forbidden"  # the requester may not do this, or no longer
    POLICY = "policy"  # a policy does not allow it; the message names the rule
    UNAUTHORIZED = "unauthorized"  # a registry requires a login, or rejected it
    UNREACHABLE = "unreachable"  # a registry or the network did not answer
    UNAVAILABLE = "unavailable"  # this host lacks a requirement (cgroups, systemd, a program)
    TIMEOUT = "timeout"
    CANCELLED = "cancelled"
    INTERRUPTED = "interrupted"  # the engine ended during the operation; the outcome is unknown
    REFUSED = "refused"  # Podman refused; only its message gives the reason
    INTERNAL = "internal"  # a bug in Berth, or a Podman that gave no reason


class ErrorReport(Model):
    """An error for a reader: what happened (in Podman's words), and what to try."""

    code: ErrorCode
    message: Capped
    remedy: Capped = ""


class EngineError(Exception):
    """Raised by the engine's operations and queries. Its `report` crosses the socket."""

    def __init__(self, code: ErrorCode, message: str, remedy: str = "") -> None:
        self.report = ErrorReport(code=code, message=message, remedy=remedy)
        super().__init__(self.report.message)


class EngineFault(EngineError):
    """Raised by the client for an answer that no engine of this version gives.

    The answer was too large, too deep, too slow, or malformed. The outcome of a requested operation
    is unknown.
    """

    def __init__(self, message: str, remedy: str = "") -> None:
        super().__init__(ErrorCode.INTERNAL, message, remedy)


class Unanswered(EngineError):
    """Raised when Podman, systemd, or a program ended before it answered a requested change.

    Nobody knows the outcome, so the runner repeats the operation or looks it up.
    """

    def __init__(self, message: str) -> None:
        super().__init__(
            ErrorCode.INTERRUPTED, message, msg("Look at the present state before you try again.")
        )


class EngineUnreachable(Exception):
    """Raised by the client when no engine, or the wrong one, answers on an account's socket."""

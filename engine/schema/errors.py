"""The one shape of an error that crosses the socket, and what to do about the usual ones."""

from enum import StrEnum
from typing import Annotated

from pydantic import AfterValidator

from engine.schema.parameters import Model

LONGEST_TEXT = 8000
"""Characters of an error's message or remedy that are kept: it goes into rows and audit events."""


def capped(text: str) -> str:
    """`text`, or as much of its beginning as is kept."""
    return text if len(text) <= LONGEST_TEXT else text[:LONGEST_TEXT] + " […]"


Capped = Annotated[str, AfterValidator(capped)]


class ErrorCode(StrEnum):
    """What went wrong, in words that a program can compare."""

    INVALID = "invalid"  # the parameters do not make sense to Podman
    NOT_FOUND = "not_found"  # no such container, image, …
    CONFLICT = "conflict"  # a name is taken, a state does not allow it, an object is in use
    FORBIDDEN = "forbidden"  # the requester may not do this (any more)
    POLICY = "policy"  # a policy does not allow it; the message names the rule
    UNAUTHORIZED = "unauthorized"  # a registry wants a sign-in, or refused it
    UNREACHABLE = "unreachable"  # a registry or the network did not answer
    UNAVAILABLE = "unavailable"  # this host lacks what it takes (cgroups, systemd, a program)
    TIMEOUT = "timeout"
    CANCELLED = "cancelled"
    INTERRUPTED = "interrupted"  # the engine ended in the middle, and the outcome is not known
    REFUSED = "refused"  # Podman refused it for a reason that only its message tells
    INTERNAL = "internal"  # a fault in Berth, or a Podman that gave no reason


class ErrorReport(Model):
    """An error for a reader: what happened (Podman's own words), and what to try."""

    code: ErrorCode
    message: Capped
    remedy: Capped = ""


class EngineError(Exception):
    """Raised by the engine's operations and queries; crosses the socket as its `report`."""

    def __init__(self, code: ErrorCode, message: str, remedy: str = "") -> None:
        super().__init__(message)
        self.report = ErrorReport(code=code, message=message, remedy=remedy)


class EngineFault(EngineError):
    """Raised by the client for an answer that no engine of this version gives: too large, too deep,
    too slow, or nonsense. Of an operation that was asked for it says nothing.
    """

    def __init__(self, message: str, remedy: str = "") -> None:
        super().__init__(ErrorCode.INTERNAL, message, remedy)


class Unanswered(EngineError):
    """Raised when Podman, systemd or a program was asked for a change and ended before it answered:
    nobody knows what came of it, so the runner has it run again or looked up.
    """

    def __init__(self, message: str) -> None:
        super().__init__(
            ErrorCode.INTERRUPTED, message, "Look at the present state before you try again."
        )


class EngineUnreachable(Exception):
    """Raised by the client when no engine answers on an account's socket, or a wrong one does."""

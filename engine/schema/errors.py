"""The one shape of an error that crosses the socket, and what to do about the usual ones."""

from enum import StrEnum

from engine.schema.parameters import Model


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
    INTERNAL = "internal"  # a fault in Berth or Podman


class ErrorReport(Model):
    """An error for a reader: what happened (Podman's own words), and what to try."""

    code: ErrorCode
    message: str
    remedy: str = ""


class EngineError(Exception):
    """Raised by the engine's operations and queries; crosses the socket as its `report`."""

    def __init__(self, code: ErrorCode, message: str, remedy: str = "") -> None:
        super().__init__(message)
        self.report = ErrorReport(code=code, message=message, remedy=remedy)


class EngineUnreachable(Exception):
    """Raised by the client when no engine answers on an account's socket, or a wrong one does."""

"""The form of all API errors, and the conversion of exceptions to it.

{"error": {"code": "invalid", "message": "…", "fields": [{"path": "…", "message": "…"}]}}
"""

import logging
from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Any

import pydantic
from django.core.exceptions import BadRequest, RequestDataTooBig, SuspiciousOperation
from django.http import Http404, HttpRequest, HttpResponse
from ninja import NinjaAPI
from ninja.errors import HttpError, ValidationError

from consoleapp.core.errors import Conflict, Refused
from consoleapp.core.faults import fault
from consoleapp.i18n.model_errors import reason, sentence
from consoleapp.i18n.rendering import in_language
from consoleapp.live.relay import Unanswered
from consoleapp.policies.check import NotAllowed
from engine.schema.characters import as_json
from engine.schema.errors import EngineError, EngineUnreachable, ErrorCode
from engine.schema.kinds import KINDS
from engine.schema.messages import ENGLISH

logger = logging.getLogger(__name__)

CODES = {
    400: "malformed",
    401: "unauthenticated",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    409: "conflict",
    413: "too_large",
    415: "unsupported_media_type",
    422: "invalid",
    429: "too_many_requests",
    500: "internal",
    502: "engine_failed",
    503: "unavailable",
    504: "timeout",
    507: "disk_full",
}
MESSAGES = {
    401: "Send a token (`Authorization: Bearer …`) or sign in.",
    404: "There is nothing at this address, or you may not see it.",
    405: "This address does not take that method.",
    413: "The body is too large.",
    503: "The console cannot do this now. Try again in a moment.",
    507: "A disk of the console is full. The host's administrator must make room on it.",
    500: "Something went wrong inside Berth; the server's log has the details.",
}
ENGINE_STATUS = {
    ErrorCode.INVALID: 422,
    ErrorCode.POLICY: 403,
    ErrorCode.FORBIDDEN: 403,
    ErrorCode.NOT_FOUND: 404,
    ErrorCode.CONFLICT: 409,
    ErrorCode.REFUSED: 422,
    ErrorCode.UNREACHABLE: 503,
    ErrorCode.UNAVAILABLE: 503,
    ErrorCode.TIMEOUT: 504,
}


class FieldProblem(pydantic.BaseModel):
    """The error of one value. `path` is its place (`parameters.ports.0.host_port`)."""

    path: str
    message: str


class ErrorDetail(pydantic.BaseModel):
    """`code` is for programs, `message` for people. `fields` lists the invalid values."""

    code: str
    message: str
    fields: list[FieldProblem] = []


class ErrorBody(pydantic.BaseModel):
    """The body of every answer that is not a success."""

    error: ErrorDetail


class Problem(Exception):
    """Raised in the API's views: becomes the answer with this status."""

    def __init__(self, status: int, message: str = "", fields: Iterable[FieldProblem] = ()) -> None:
        super().__init__(message)
        self.status, self.message, self.fields = status, message, list(fields)


def wrong(path: str, message: str) -> Problem:
    """Return a 422 for one field."""
    return Problem(422, f"{path}: {message}", [FieldProblem(path=path, message=message)])


def answer(
    status: int,
    message: str = "",
    fields: Iterable[FieldProblem] = (),
    *,
    code: str = "",
    headers: Mapping[str, str] | None = None,
) -> HttpResponse:
    """Return the response for an error. Without a message, it has the status's usual one."""
    body = ErrorBody(
        error=ErrorDetail(
            code=code or CODES.get(status, "error"),
            message=in_language(message or MESSAGES.get(status) or HTTPStatus(status).phrase),
            fields=list(fields),
        )
    )
    response = HttpResponse(
        as_json(body, context=ENGLISH), "application/json", status, headers=headers
    )
    if status == 401:
        response["WWW-Authenticate"] = 'Bearer realm="Berth"'
    return response


def responses(success: dict[int, Any], *errors: int) -> dict[Any, Any]:
    """Return the `response=` of a ninja operation: its success, and its possible errors."""
    always = {400, 401, 404, 422, 500}
    return {**success, frozenset(always.union(errors)): ErrorBody}


def field_problems(errors: Iterable[Mapping[str, Any]]) -> list[FieldProblem]:
    """Convert pydantic's (or ninja's) list of errors to sentences with paths."""
    return [
        FieldProblem(path=_path(error["loc"]), message=sentence(reason(error))) for error in errors
    ]


def _path(location: tuple[int | str, ...]) -> str:
    # ninja adds the source and the argument's name to the path; the union adds its tag.
    parts = list(location)
    if parts and parts[0] in ("body", "query", "path", "header"):
        parts = parts[2:] if parts[0] == "body" else parts[1:]
        if len(parts) > 1 and parts[0] == "filters":
            parts = parts[1:]
    return ".".join(str(part) for part in parts if part not in KINDS) or "kind"


def invalid(errors: Iterable[Mapping[str, Any]]) -> HttpResponse:
    """Return the 422 for values that a model refused."""
    fields = field_problems(errors)
    return answer(422, "; ".join(f"{f.path}: {f.message}" for f in fields[:3]), fields)


def from_engine(error: EngineError) -> HttpResponse:
    """Return the response for an engine's error to a query."""
    report = error.report
    text = f"{report.message} {report.remedy}".strip()
    return answer(ENGINE_STATUS.get(report.code, 502), text, code=report.code.value)


def against_policy(error: NotAllowed) -> HttpResponse:
    """Return the 403 that names the rules, each at its parameter."""
    fields = [
        FieldProblem(path=f"parameters.{violation.field}".rstrip("."), message=str(violation))
        for violation in error.violations
    ]
    return answer(403, str(error), fields, code="policy")


def _from_ninja(error: HttpError) -> HttpResponse:
    """Return ninja's error, which replaces any message of a body's parser."""
    if isinstance(cause := error.__cause__, Problem):
        return answer(cause.status, cause.message, cause.fields)
    return answer(error.status_code, "" if error.status_code == 401 else error.message)


def _unforeseen(request: HttpRequest, error: Exception) -> HttpResponse:
    if found := fault(error):
        return answer(found.status, str(found.message))
    logger.error("%s %s failed", request.method, request.path, exc_info=error)
    return answer(500)


def register(api: NinjaAPI) -> None:
    """Register a handler for every exception that a view may raise."""
    table: dict[type[Exception], Any] = {
        Problem: lambda _, e: answer(e.status, e.message, e.fields),
        ValidationError: lambda _, e: invalid(e.errors),
        pydantic.ValidationError: lambda _, e: invalid(e.errors()),
        Conflict: lambda _, e: answer(409, str(e)),
        NotAllowed: lambda _, e: against_policy(e),
        Refused: lambda _, e: answer(403, str(e)),
        Http404: lambda _, e: answer(404),
        HttpError: lambda _, e: _from_ninja(e),
        EngineError: lambda _, e: from_engine(e),
        EngineUnreachable: lambda _, e: answer(503, str(e)),
        Unanswered: lambda _, e: answer(504, str(e)),
        RequestDataTooBig: lambda _, e: answer(413),
        SuspiciousOperation: lambda _, e: answer(400),
        BadRequest: lambda _, e: answer(400),
        Exception: _unforeseen,
    }
    for kind, handler in table.items():
        api.add_exception_handler(kind, handler)

"""Middleware: below /api/, every error is JSON in the API's form, whichever layer raised it."""

from collections.abc import Callable
from typing import Any

from asgiref.sync import iscoroutinefunction, markcoroutinefunction
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

from consoleapp.api.problems import answer

PREFIX = "/api/"
KEPT = ("Allow", "Retry-After", "WWW-Authenticate")


def _enveloped(request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
    if not request.path.startswith(PREFIX) or response.status_code < 400:
        return response
    if response.headers.get("Content-Type", "").startswith("application/json"):
        return response
    kept = {name: response.headers[name] for name in KEPT if name in response.headers}
    return answer(response.status_code, headers=kept)


class Envelope:
    """The outermost layer except for those that only add headers. Works sync and async."""

    sync_capable = True
    async_capable = True

    def __init__(self, get_response: Callable[[HttpRequest], Any]) -> None:
        self.get_response = get_response
        self.is_async = iscoroutinefunction(get_response)
        if self.is_async:
            markcoroutinefunction(self)

    def __call__(self, request: HttpRequest) -> Any:
        if self.is_async:
            return self._later(request)
        return _enveloped(request, self.get_response(request))

    async def _later(self, request: HttpRequest) -> HttpResponseBase:
        return _enveloped(request, await self.get_response(request))

    def process_view(
        self, request: HttpRequest, view: Any, args: Any, kwargs: Any
    ) -> HttpResponse | None:
        """Refuse a body that does not declare JSON, which forms of other sites cannot."""
        if not request.path.startswith(PREFIX) or not request.headers.get(
            "Content-Length", "0"
        ).strip("0"):
            return None
        if request.content_type == "application/octet-stream" and request.path.endswith("/uploads"):
            return None
        if request.content_type != "application/json":
            return answer(415, "Send the body as application/json.")
        return None

"""Choose the language of a page: the user's choice, the cookie, or Accept-Language.

The cookie is the choice of somebody who has not signed in. It becomes the user's choice at sign-in,
if the user has made none. The API answers programs in English; Berth's own pages identify
themselves.
"""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from asgiref.sync import iscoroutinefunction, sync_to_async
from django.conf import settings
from django.contrib.auth.signals import user_logged_in
from django.dispatch import receiver
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils import translation
from django.utils.cache import patch_vary_headers
from django.utils.decorators import sync_and_async_middleware

if TYPE_CHECKING:
    from consoleapp.accounts.models import User


@sync_and_async_middleware
def language(get_response: Callable[..., Any]) -> Callable[..., Any]:
    """Middleware: activate the language of the request for everything rendered during it."""
    if iscoroutinefunction(get_response):

        async def middleware(request: HttpRequest) -> HttpResponseBase:
            _activate(request, await sync_to_async(_chosen)(request))
            return _labelled(request, await get_response(request))

    else:

        def middleware(request: HttpRequest) -> HttpResponseBase:  # type: ignore[misc]  # or sync
            _activate(request, _chosen(request))
            return _labelled(request, get_response(request))

    return middleware


def offered(code: str) -> bool:
    """Return whether pages are available in it."""
    return code in dict(settings.LANGUAGES)


def of_user(user: "User | None") -> str:
    """Return the language for messages to `user`, without a browser."""
    return user.language if user and offered(user.language) else settings.LANGUAGE_CODE


def of_scope(scope: Mapping[str, Any]) -> str:
    """Return the language of the user who opened a WebSocket."""
    user = scope["user"]
    if user.is_authenticated and offered(user.language):
        return str(user.language)
    request = HttpRequest()
    request.COOKIES = scope.get("cookies", {})
    for name, value in scope.get("headers", []):
        if name == b"accept-language":
            request.META["HTTP_ACCEPT_LANGUAGE"] = value.decode("latin-1")
    return translation.get_language_from_request(request)


def _chosen(request: HttpRequest) -> str:
    if request.path.startswith("/api/") and "X-Berth-Page" not in request.headers:
        return settings.LANGUAGE_CODE
    # Without a session, the user is not looked up.
    if request.session.session_key and request.user.is_authenticated:
        own: str = request.user.language
        if offered(own):
            return own
    return translation.get_language_from_request(request)


def _activate(request: HttpRequest, code: str) -> None:
    translation.activate(code)
    request.LANGUAGE_CODE = code


def _labelled(request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
    response.headers.setdefault("Content-Language", request.LANGUAGE_CODE)
    if not request.path.startswith("/api/"):
        patch_vary_headers(response, ("Accept-Language", "Cookie"))
    return response


@receiver(user_logged_in)
def _keep(request: HttpRequest | None, user: "User", **_: Any) -> None:
    if request is None or user.language:
        return
    code = request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME, "")
    if offered(code):
        user.language = code
        user.save(update_fields=["language"])

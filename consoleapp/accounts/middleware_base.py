"""What a middleware that only looks before a view runs has to have, in a thread or in a loop."""

from collections.abc import Callable
from typing import Any

from asgiref.sync import iscoroutinefunction, markcoroutinefunction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django_htmx.http import HttpResponseClientRedirect


class BeforeView:
    """Passes every request on; a subclass has `process_view`.

    It does not make an asynchronous view run in a thread, as Django's MiddlewareMixin would.
    """

    sync_capable = True
    async_capable = True

    def __init__(self, get_response: Callable[[HttpRequest], Any]) -> None:
        self.get_response = get_response
        if iscoroutinefunction(get_response):
            markcoroutinefunction(self)

    def __call__(self, request: HttpRequest) -> Any:
        """The answer of what comes after it."""
        return self.get_response(request)


class Detour(BeforeView):
    """Leads who owes something to the one `page` where it is provided, and nowhere else.

    The API says it in its own way: consoleapp/api/credentials.py.
    """

    page = ""
    """The name of its view."""
    open_views: frozenset[str] = frozenset()
    """Views besides it that are needed for it."""
    _always_open = frozenset(
        ("healthy", "account_login", "account_logout", "languages:choose", "languages:words")
    )

    def owes(self, user: Any) -> bool:
        """Whether `user`, who is signed in, has to go there first."""
        raise NotImplementedError

    def process_view(
        self, request: HttpRequest, view: Any, args: Any, kwargs: Any
    ) -> HttpResponse | None:
        """Before the view runs."""
        match = request.resolver_match
        name = match.view_name if match else ""
        if request.path.startswith("/api/") or name == "healthy":
            return None
        if not request.user.is_authenticated or not self.owes(request.user):
            return None
        if name in self._always_open or name == self.page or self.opens(name):
            request.on_detour = True  # type: ignore[attr-defined]  # a frame without menu
            return None
        if getattr(request, "htmx", False):
            return HttpResponseClientRedirect(redirect(self.page)["Location"])
        return redirect(self.page)

    def opens(self, name: str) -> bool:
        """Whether the view of that name is needed on the way."""
        return name in self.open_views

"""Base classes of middleware that only acts before a view, in a thread or an event loop."""

from collections.abc import Callable
from typing import Any

from asgiref.sync import iscoroutinefunction, markcoroutinefunction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django_htmx.http import HttpResponseClientRedirect


class BeforeView:
    """Passes every request on. A subclass defines `process_view`.

    Unlike Django's MiddlewareMixin, it does not move an asynchronous view into a thread.
    """

    sync_capable = True
    async_capable = True

    def __init__(self, get_response: Callable[[HttpRequest], Any]) -> None:
        self.get_response = get_response
        if iscoroutinefunction(get_response):
            markcoroutinefunction(self)

    def __call__(self, request: HttpRequest) -> Any:
        """Return the response of the next layer."""
        return self.get_response(request)


class Detour(BeforeView):
    """Redirects users with an obligation to the one `page` that fulfills it.

    The API has its own way to say so: consoleapp/api/credentials.py.
    """

    page = ""
    """The name of its view."""
    open_views: frozenset[str] = frozenset()
    """Other views that remain available."""
    _always_open = frozenset(
        ("healthy", "account_login", "account_logout", "languages:choose", "languages:words")
    )

    def owes(self, user: Any) -> bool:
        """Return whether `user`, who is signed in, must go there first."""
        raise NotImplementedError

    def process_view(
        self, request: HttpRequest, view: Any, args: Any, kwargs: Any
    ) -> HttpResponse | None:
        """Act before the view runs."""
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
        """Return whether the view of that name remains available."""
        return name in self.open_views

"""What a middleware that only looks before a view runs has to have, in a thread or in a loop."""

from collections.abc import Callable
from typing import Any

from asgiref.sync import iscoroutinefunction, markcoroutinefunction
from django.http import HttpRequest


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

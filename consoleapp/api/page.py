"""/api/v1/docs: the API's document as a page, rendered by Swagger UI from our own static files."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import get_token
from django.template.loader import render_to_string
from ninja import NinjaAPI
from ninja.openapi.docs import DocsBase


class Page(DocsBase):
    """Replaces ninja's own page, whose inline scripts our content security policy refuses."""

    def render_page(self, request: HttpRequest, api: NinjaAPI, **kwargs: Any) -> HttpResponse:
        """Return the page, which fetches the document itself."""
        settings = {
            "url": self.get_openapi_url(api, kwargs),
            "deepLinking": True,
            "docExpansion": "list",
            "defaultModelsExpandDepth": -1,
        }
        # Without the request: the console's own navigation must not surround it.
        context = {"settings": settings, "csrf_token": get_token(request)}
        return HttpResponse(render_to_string("api/docs.html", context))

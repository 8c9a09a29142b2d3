"""Where everything is. Each noun's own module has its pages."""

from django.http import Http404, HttpRequest, HttpResponse
from django.urls import include, path, re_path

NOUNS = (
    "home",
    "accounts",
    "containers",
    "builds",  # before images: its form is at images/build/
    "images",
    "registries",
    "units",
    "doctor",
    "operations",
    "audit",
    "people",
    "groups",
    "hosts",
    "me",
    "notifications",
    "palette",
)


def _not_offered(request: HttpRequest) -> HttpResponse:
    raise Http404("administrators make Berth's users and set their passwords anew")


def healthy(request: HttpRequest) -> HttpResponse:
    """Says that the web server works; the launcher and load balancers ask."""
    return HttpResponse("ok\n", content_type="text/plain")


urlpatterns = [
    path("healthz", healthy),
    re_path(r"^user/(?:signup|password/reset|email|confirm-email|login/code)\b", _not_offered),
    path("user/", include("allauth.urls")),
    path("api/", include("consoleapp.api.urls")),
    path("live/", include("consoleapp.live.urls")),
    path("", include("consoleapp.catalog.urls")),
    *(path("", include(f"consoleapp.web.{noun}.urls")) for noun in NOUNS),
]

"""The URLs. Each noun's own module has its pages."""

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
    "approvals",
    "audit",
    "recordings",
    "users",
    "groups",
    "sessions",
    "second_factor",
    "passwords",
    "invitations",
    "service_accounts",
    "hosts",
    "policies",
    "me",
    "notifications",
    "palette",
)


# Pages of allauth that Berth does not use or replaces.
_UNUSED = (
    r"(?:signup|password/reset|email|confirm-email|login/code|sessions|social)\b"
    r"|3rdparty/(?:signup/)?$"
)


def _not_offered(request: HttpRequest) -> HttpResponse:
    raise Http404("administrators make Berth's users and set their passwords anew")


def healthy(request: HttpRequest) -> HttpResponse:
    """Report that the web server works, for the launcher and load balancers."""
    return HttpResponse("ok\n", content_type="text/plain")


handler500 = "consoleapp.core.faults.server_error"
urlpatterns = [
    path("healthz", healthy, name="healthy"),
    re_path(rf"^user/(?:{_UNUSED})", _not_offered),
    path("", include("consoleapp.web.single_sign_on.urls")),
    path("user/", include("allauth.urls")),
    path("api/", include("consoleapp.api.urls")),
    path("", include("consoleapp.web.languages.urls")),
    path("live/", include("consoleapp.live.urls")),
    path("", include("consoleapp.web.catalog.urls")),
    *(path("", include(f"consoleapp.web.{noun}.urls")) for noun in NOUNS),
]

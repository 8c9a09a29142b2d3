"""The URLs of the pages about containers."""

from django.urls import include, path

from consoleapp.web import addresses  # noqa: F401 - has addresses understand <object:…>
from consoleapp.web.containers import launch_views, views

app_name = "containers"

urlpatterns = [
    path("accounts/<str:account>/containers/", views.containers, name="list"),
    path("accounts/<str:account>/containers/act/", views.act, name="act"),
    path("accounts/<str:account>/containers/prune/", views.prune, name="prune"),
    path("accounts/<str:account>/containers/launch/", launch_views.launch, name="launch"),
    path(
        "accounts/<str:account>/containers/launch/line/", launch_views.read_line, name="read_line"
    ),
    path("accounts/<str:account>/containers/launch/preview/", launch_views.preview, name="preview"),
    # No container can have such a name.
    path("accounts/<str:account>/containers/~rows/", views.rows, name="rows"),
    path(
        "accounts/<str:account>/containers/<object:container>/",
        include("consoleapp.web.containers.detail_urls"),
    ),
]

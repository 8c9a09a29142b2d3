"""Where the pages about containers are."""

from django.urls import include, path

app_name = "containers"

urlpatterns = [
    # Last, because a container's name could be anything; ids reach those that are hidden by a page.
    path(
        "accounts/<str:account>/containers/<str:container>/",
        include("consoleapp.web.containers.detail_urls"),
    ),
]

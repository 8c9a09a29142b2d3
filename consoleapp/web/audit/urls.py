"""The URLs of the pages about the audit log."""

from django.urls import path

from consoleapp.web import addresses  # noqa: F401 - has addresses understand <object:…>
from consoleapp.web.audit import views

app_name = "audit"

urlpatterns = [
    path("audit/", views.everything, name="list"),
    path("audit/<int:event_id>/", views.detail, name="detail"),
    path(
        "accounts/<str:account>/containers/<object:container>/history/",
        views.history,
        name="history",
    ),
]

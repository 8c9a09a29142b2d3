"""The URLs of the pages about registries."""

from django.urls import path

from consoleapp.web.registries import browse, edits, transfers, views

app_name = "registries"

_ACCOUNT = "accounts/<str:account>/registries"

urlpatterns = [
    path(f"{_ACCOUNT}/", views.registries, name="list"),
    path(f"{_ACCOUNT}/overview/", views.overview, name="overview"),
    path(f"{_ACCOUNT}/resolve/", views.resolve, name="resolve"),
    path(f"{_ACCOUNT}/check/", views.check, name="check"),
    path(f"{_ACCOUNT}/act/", views.act, name="act"),
    path(f"{_ACCOUNT}/edit/<slug:what>/", edits.edit, name="edit"),
    path(f"{_ACCOUNT}/login/", edits.login, name="login"),
    path(f"{_ACCOUNT}/trust/", edits.trust, name="trust"),
    path(f"{_ACCOUNT}/search/", browse.search, name="search"),
    path(f"{_ACCOUNT}/browse/", browse.repositories, name="browse"),
    path(f"{_ACCOUNT}/tags/", browse.tags, name="tags"),
    path(f"{_ACCOUNT}/image/", browse.image, name="image"),
    path(f"{_ACCOUNT}/copy/", transfers.copy, name="copy"),
    path(f"{_ACCOUNT}/sync/", transfers.sync, name="sync"),
    path(f"{_ACCOUNT}/sync/plan/", transfers.plan, name="sync-plan"),
]

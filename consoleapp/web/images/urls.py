"""Where the pages about images are."""

from django.urls import path

from consoleapp.web.images import detail, views

app_name = "images"

_ACCOUNT = "accounts/<str:account>/images"
_IMAGE = f"{_ACCOUNT}/<str:image>"

urlpatterns = [
    path(f"{_ACCOUNT}/", views.images, name="list"),
    path(f"{_ACCOUNT}/pull/", views.pull, name="pull"),
    path(f"{_ACCOUNT}/pulls/", views.pulls, name="pulls"),
    path(f"{_ACCOUNT}/prune/", views.prune, name="prune"),
    path(f"{_ACCOUNT}/act/", views.act, name="act"),
    path(f"{_IMAGE}/", detail.image, {"view": "history"}, name="detail"),
    path(f"{_IMAGE}/users/", detail.image, {"view": "users"}, name="users"),
    path(f"{_IMAGE}/inspect/", detail.image, {"view": "inspect"}, name="inspect"),
    path(f"{_IMAGE}/tag/", detail.tag, name="tag"),
    path(f"{_IMAGE}/panels/<slug:panel>/", detail.panel, name="panel"),
]

"""The URLs of the pages about images."""

from django.urls import path

from consoleapp.web import addresses  # noqa: F401 - has addresses understand <object:…>
from consoleapp.web.images import detail, inspect_views, manifests, transfers, updates, views

app_name = "images"

_ACCOUNT = "accounts/<str:account>/images"
_IMAGE = f"{_ACCOUNT}/<object:image>"

urlpatterns = [
    path(f"{_ACCOUNT}/", views.images, name="list"),
    path(f"{_ACCOUNT}/pull/", views.pull, name="pull"),
    path(f"{_ACCOUNT}/pulls/", views.pulls, name="pulls"),
    path(f"{_ACCOUNT}/load/", transfers.load, name="load"),
    path(f"{_ACCOUNT}/disk/", inspect_views.disk, name="disk"),
    path(f"{_ACCOUNT}/going/", inspect_views.going, name="going"),
    path(f"{_ACCOUNT}/prune/", inspect_views.prune, name="prune"),
    path(f"{_ACCOUNT}/prune-volumes/", views.prune_volumes, name="prune-volumes"),
    path(f"{_ACCOUNT}/manifest-list/", manifests.create, name="manifest-create"),
    path(f"{_ACCOUNT}/updates/", updates.of_list, name="list-updates"),
    path(f"{_ACCOUNT}/act/", views.act, name="act"),
    path(f"{_IMAGE}/", detail.image, {"view": "layers"}, name="detail"),
    path(f"{_IMAGE}/users/", detail.image, {"view": "users"}, name="users"),
    path(f"{_IMAGE}/inspect/", detail.image, {"view": "inspect"}, name="inspect"),
    path(f"{_IMAGE}/layers/<int:layer>/", inspect_views.layer, name="layer"),
    path(f"{_IMAGE}/compare/", inspect_views.compare, name="compare"),
    path(f"{_IMAGE}/updates/", updates.of_image, name="updates"),
    path(f"{_IMAGE}/push/", transfers.push, name="push"),
    path(f"{_IMAGE}/share/", transfers.share, name="share"),
    path(f"{_IMAGE}/manifests/add/", manifests.add, name="manifest-add"),
    path(f"{_IMAGE}/manifests/remove/", manifests.remove, name="manifest-remove"),
    path(f"{_IMAGE}/manifests/push/", manifests.push, name="manifest-push"),
    path(f"{_IMAGE}/entries/", detail.image, {"view": "entries"}, name="entries"),
    path(f"{_IMAGE}/tag/", detail.tag, name="tag"),
    path(f"{_IMAGE}/panels/<slug:panel>/", detail.panel, name="panel"),
]

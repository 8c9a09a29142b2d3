"""Where the pages about units and Quadlets are."""

from django.urls import path

from consoleapp.web import addresses  # noqa: F401 - has addresses understand <object:…>
from consoleapp.web.units import acting, detail, editing, keeping, updates, views

app_name = "units"

_ACCOUNT = "accounts/<str:account>/units"
_UNIT = f"{_ACCOUNT}/<object:unit>"

urlpatterns = [
    path(f"{_ACCOUNT}/", views.units, name="list"),
    path(f"{_ACCOUNT}/act/", acting.act, name="act"),
    path(f"{_ACCOUNT}/journal/", views.journal, name="all_journal"),
    path(f"{_ACCOUNT}/updates/", updates.updates, name="updates"),
    path(f"{_ACCOUNT}/updates/panel/", updates.panel, name="updates_panel"),
    path(f"{_ACCOUNT}/new/", editing.new, name="new"),
    path(f"{_ACCOUNT}/edit/", editing.edit, name="edit"),
    path(f"{_ACCOUNT}/edit/text/", editing.text, name="text"),
    path(f"{_ACCOUNT}/edit/check/", editing.check, name="check"),
    path(f"{_ACCOUNT}/edit/compare/", editing.compare, name="compare"),
    path(f"{_ACCOUNT}/edit/save/", editing.save, name="save"),
    path(f"{_ACCOUNT}/edit/saved/<uuid:operation>/", editing.saved, name="saved"),
    path(f"{_ACCOUNT}/edit/restore/", editing.restore, name="restore"),
    path(f"{_ACCOUNT}/edit/restored/<uuid:operation>/", editing.restored, name="restored"),
    path(f"{_ACCOUNT}/keep/<object:container>/", keeping.keep, name="keep"),
    path(f"{_ACCOUNT}/keep/<object:container>/panel/", keeping.panel, name="keep_panel"),
    # A unit's name always has a dot in it, so none is hidden by the words above.
    path(f"{_UNIT}/", detail.unit, {"view": "status"}, name="detail"),
    path(f"{_UNIT}/journal/", detail.unit, {"view": "journal"}, name="journal"),
    path(f"{_UNIT}/file/", detail.unit, {"view": "file"}, name="file"),
    path(f"{_UNIT}/convert/", detail.unit, {"view": "convert"}, name="convert"),
    path(f"{_UNIT}/panels/<slug:panel>/", detail.panel, name="panel"),
]

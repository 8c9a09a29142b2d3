"""The URLs of the pages about units and Quadlets."""

from django.urls import path

from consoleapp.web import addresses  # noqa: F401 - has addresses understand <object:…>
from consoleapp.web.units import actions, autostart, detail, editor, updates, views

app_name = "units"

_ACCOUNT = "accounts/<str:account>/units"
_UNIT = f"{_ACCOUNT}/<object:unit>"

urlpatterns = [
    path(f"{_ACCOUNT}/", views.units, name="list"),
    path(f"{_ACCOUNT}/act/", actions.act, name="act"),
    path(f"{_ACCOUNT}/journal/", views.journal, name="all_journal"),
    path(f"{_ACCOUNT}/updates/", updates.updates, name="updates"),
    path(f"{_ACCOUNT}/updates/panel/", updates.panel, name="updates_panel"),
    path(f"{_ACCOUNT}/new/", editor.new, name="new"),
    path(f"{_ACCOUNT}/edit/", editor.edit, name="edit"),
    path(f"{_ACCOUNT}/edit/text/", editor.text, name="text"),
    path(f"{_ACCOUNT}/edit/check/", editor.check, name="check"),
    path(f"{_ACCOUNT}/edit/compare/", editor.compare, name="compare"),
    path(f"{_ACCOUNT}/edit/save/", editor.save, name="save"),
    path(f"{_ACCOUNT}/edit/saved/<uuid:operation>/", editor.saved, name="saved"),
    path(f"{_ACCOUNT}/edit/restore/", editor.restore, name="restore"),
    path(f"{_ACCOUNT}/edit/restored/<uuid:operation>/", editor.restored, name="restored"),
    path(f"{_ACCOUNT}/keep/<object:container>/", autostart.keep, name="keep"),
    path(f"{_ACCOUNT}/keep/<object:container>/panel/", autostart.panel, name="keep_panel"),
    # A unit's name always contains a dot, so the words above hide none.
    path(f"{_UNIT}/", detail.unit, {"view": "status"}, name="detail"),
    path(f"{_UNIT}/journal/", detail.unit, {"view": "journal"}, name="journal"),
    path(f"{_UNIT}/file/", detail.unit, {"view": "file"}, name="file"),
    path(f"{_UNIT}/convert/", detail.unit, {"view": "convert"}, name="convert"),
    path(f"{_UNIT}/panels/<slug:panel>/", detail.panel, name="panel"),
]

"""The URLs of the pages about launch templates."""

from django.urls import path

from consoleapp.web import addresses  # noqa: F401 - has addresses understand <object:…>
from consoleapp.web.catalog import editor_views, file_views, port_views, views

app_name = "catalog"

urlpatterns = [
    path("catalog/", views.everything, name="list"),
    path("catalog/new/", editor_views.create, name="create"),
    path("catalog/new/from-container/", editor_views.from_container, name="from_container"),
    path("catalog/preview/", editor_views.preview, name="preview"),
    path("catalog/import/", file_views.import_file, name="import"),
    path("catalog/ports/", port_views.ports, name="ports"),
    path("catalog/ports/<str:account>/", port_views.change, name="port_range"),
    path("catalog/<int:template_id>/", views.detail, name="detail"),
    path("catalog/<int:template_id>/edit/", editor_views.edit, name="edit"),
    path("catalog/<int:template_id>/sharing/", editor_views.sharing, name="sharing"),
    path("catalog/<int:template_id>/versions/", views.versions, name="versions"),
    path("catalog/<int:template_id>/export/", file_views.export, name="export"),
    path("catalog/<int:template_id>/remove/", editor_views.remove, name="remove"),
    path("catalog/relaunch/<str:account>/<object:container>/", views.relaunch, name="relaunch"),
]

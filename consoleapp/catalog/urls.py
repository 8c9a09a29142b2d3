"""Where the pages about launch templates are."""

from django.urls import path

from consoleapp.catalog import views

app_name = "catalog"

urlpatterns = [
    path("catalog/", views.everything, name="list"),
    path("catalog/new/", views.create, name="create"),
    path("catalog/<int:template_id>/", views.edit, name="edit"),
    path("catalog/<int:template_id>/remove/", views.remove, name="remove"),
]

"""The URLs of the pages about groups."""

from django.urls import path

from consoleapp.web.groups import views

app_name = "groups"

urlpatterns = [
    path("groups/", views.everything, name="list"),
    path("groups/<int:group_id>/", views.detail, name="detail"),
    path("groups/<int:group_id>/members/", views.members, name="members"),
    path("groups/<int:group_id>/rules/", views.rules, name="rules"),
    path("groups/<int:group_id>/remove/", views.remove, name="remove"),
]

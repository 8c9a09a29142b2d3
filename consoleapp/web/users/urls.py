"""The URLs of the pages about console users."""

from django.urls import path

from consoleapp.web.users import views

app_name = "users"

urlpatterns = [
    path("users/", views.everybody, name="list"),
    path("users/new/", views.create, name="create"),
    path("users/grants/", views.grants, name="grants"),
    path("users/<int:user_id>/", views.detail, name="detail"),
    path("users/<int:user_id>/act/", views.act, name="act"),
]

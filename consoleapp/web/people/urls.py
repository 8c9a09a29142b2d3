"""The URLs of the pages about console users."""

from django.urls import path

from consoleapp.web.people import views

app_name = "people"

urlpatterns = [
    path("people/", views.everybody, name="list"),
    path("people/new/", views.create, name="create"),
    path("people/grants/", views.grants, name="grants"),
    path("people/<int:user_id>/", views.detail, name="detail"),
    path("people/<int:user_id>/act/", views.act, name="act"),
]

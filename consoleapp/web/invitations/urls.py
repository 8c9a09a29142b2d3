"""The URLs of the pages about invitations, and of their links."""

from django.urls import path

from consoleapp.web.invitations import views

app_name = "invitations"

urlpatterns = [
    path("users/invitations/", views.everything, name="list"),
    path("users/invitations/<int:invitation_id>/cancel/", views.cancel, name="cancel"),
    path("invitation/<str:secret>/", views.accept, name="accept"),
]

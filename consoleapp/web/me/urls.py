"""The URLs of the user's own pages."""

from django.urls import path

from consoleapp.web.me import views

app_name = "me"

urlpatterns = [
    path("me/", views.profile, name="profile"),
    path("me/tokens/", views.tokens, name="tokens"),
    path("me/tokens/<int:token_id>/revoke/", views.revoke, name="revoke"),
]

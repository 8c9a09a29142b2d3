"""The URL to which users with a one-time password are redirected."""

from django.urls import path

from consoleapp.web.passwords import views

app_name = "passwords"

urlpatterns = [path("me/new-password/", views.choose, name="choose")]

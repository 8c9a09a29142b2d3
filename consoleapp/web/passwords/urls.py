"""Where one is led who has a one-time password."""

from django.urls import path

from consoleapp.web.passwords import views

app_name = "passwords"

urlpatterns = [path("me/new-password/", views.choose, name="choose")]

"""The URL to which users without a required second factor are redirected."""

from django.urls import path

from consoleapp.web.second_factor import views

app_name = "second_factor"

urlpatterns = [path("me/second-factor/", views.set_up, name="set_up")]

"""The URL of the dashboard."""

from django.urls import path

from consoleapp.web.home import views

app_name = "home"

urlpatterns = [
    path("", views.dashboard, name="dashboard"),
    path("dashboard/recent/", views.recent, name="recent"),
]

"""The URLs of the pages about hosts."""

from django.urls import path

from consoleapp.web.hosts import views

app_name = "hosts"

urlpatterns = [
    path("hosts/", views.everything, name="list"),
    path("hosts/accounts/<int:account_id>/", views.set_active, name="set_active"),
]

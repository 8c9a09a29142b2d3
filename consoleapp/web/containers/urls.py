"""Where the pages about containers are."""

from django.urls import URLPattern

app_name = "containers"

urlpatterns: list[URLPattern] = []

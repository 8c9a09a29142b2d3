"""Where the pages about live are."""

from django.urls import URLPattern

app_name = "live"

urlpatterns: list[URLPattern] = []

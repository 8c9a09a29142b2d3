"""Where the pages about images are."""

from django.urls import URLPattern

app_name = "images"

urlpatterns: list[URLPattern] = []

"""The URLs for choosing a language, and for the scripts' translations."""

from django.urls import path

from consoleapp.web.languages import views

app_name = "languages"

urlpatterns = [
    path("language/", views.choose, name="choose"),
    path("language/<str:version>/words.js", views.words, name="words"),
]

"""The URLs of the pages about recorded terminals."""

from django.urls import path

from consoleapp.web.recordings import views

app_name = "recordings"

urlpatterns = [
    path("audit/recordings/", views.everything, name="list"),
    path("audit/recordings/<uuid:recording>/", views.replay, name="replay"),
    path("audit/recordings/<uuid:recording>/cast/", views.cast, name="cast"),
    path("audit/recordings/<uuid:recording>/download/", views.download, name="download"),
]

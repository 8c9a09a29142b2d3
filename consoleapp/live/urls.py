"""The URLs of streams: server-sent events here, WebSockets in `sockets`."""

from django.urls import path

from consoleapp.live import views
from consoleapp.live.queries import Queries

app_name = "live"

urlpatterns = [
    path("", views.all_streams, name="all"),
    path("accounts/<str:account>/", views.account_stream, name="account"),
]
sockets = [path("live/accounts/<str:account>/queries/", Queries.as_asgi())]

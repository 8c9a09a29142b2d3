"""The URLs of the pages about one container, below the container's own."""

from django.urls import path

from consoleapp.web.containers import detail, logs, panels

_TABS = ("logs", "stats", "processes", "changes", "health", "inspect")

urlpatterns = [
    path("", detail.tab, {"view": "overview"}, name="detail"),
    *(path(f"{tab}/", detail.tab, {"view": tab}, name=tab) for tab in _TABS),
    path("terminal/", detail.terminal, name="terminal"),
    path("header/", detail.header, name="header"),
    path("panels/<slug:panel>/", panels.panel, name="panel"),
    path("inspect/raw/", panels.raw, name="raw"),
    path("logs/download/", logs.download, name="download_logs"),
]

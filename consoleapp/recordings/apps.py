"""The app of recorded terminal sessions."""

from django.apps import AppConfig


class Recordings(AppConfig):
    """Configures the app."""

    name = "consoleapp.recordings"
    default_auto_field = "django.db.models.BigAutoField"

"""The app of recorded terminal sessions."""

from django.apps import AppConfig


class Recordings(AppConfig):
    """What was shown in terminals."""

    name = "consoleapp.recordings"
    default_auto_field = "django.db.models.BigAutoField"

"""The app of policies."""

from django.apps import AppConfig


class PolicyConfig(AppConfig):
    """Configures the app."""

    name = "consoleapp.policies"
    default_auto_field = "django.db.models.BigAutoField"

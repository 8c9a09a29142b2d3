"""The app of policies."""

from django.apps import AppConfig


class PolicyConfig(AppConfig):
    """What people and accounts may do, beyond their roles."""

    name = "consoleapp.policies"
    default_auto_field = "django.db.models.BigAutoField"

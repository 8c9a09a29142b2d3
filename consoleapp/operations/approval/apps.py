"""The app of approvals."""

from django.apps import AppConfig


class ApprovalConfig(AppConfig):
    """Configures the app."""

    name = "consoleapp.operations.approval"
    default_auto_field = "django.db.models.BigAutoField"

"""The app of approvals."""

from django.apps import AppConfig


class ApprovalConfig(AppConfig):
    """Who must approve of what before it is queued."""

    name = "consoleapp.operations.approval"
    default_auto_field = "django.db.models.BigAutoField"

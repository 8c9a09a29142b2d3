"""The app of launch templates."""

from django.apps import AppConfig


class CatalogConfig(AppConfig):
    """Launch templates for self-service."""

    name = "consoleapp.catalog"
    default_auto_field = "django.db.models.BigAutoField"

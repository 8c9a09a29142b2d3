"""The app of launch templates."""

from django.apps import AppConfig


class CatalogConfig(AppConfig):
    """Configures the app."""

    name = "consoleapp.catalog"
    default_auto_field = "django.db.models.BigAutoField"

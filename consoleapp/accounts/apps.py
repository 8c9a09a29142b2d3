"""The app of users and Linux accounts."""

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    """Connects the sign-in receivers once everything is loaded."""

    name = "consoleapp.accounts"

    def ready(self) -> None:
        """Connect the receivers."""
        from consoleapp.accounts import sign_in  # noqa: F401

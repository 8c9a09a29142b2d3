"""Mail about accounts, if a mail server is configured."""

from django.conf import settings
from django.core.mail import send_mail


def sends_mail() -> bool:
    """Return whether a mail server is configured."""
    return not settings.EMAIL_BACKEND.endswith("dummy.EmailBackend")


def send_invitation(email: str, link: str, until: str) -> None:
    """Send an invitation. Raises OSError (or smtplib's subclasses) if the server refuses."""
    text = (
        "You are invited to Berth, a console for containers.\n\n"
        f"Choose a name and a password here, until {until}:\n{link}\n\n"
        "The link works once. If you did not expect it, do nothing.\n"
    )
    send_mail("Your invitation to Berth", text, None, [email])

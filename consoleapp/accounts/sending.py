"""Mail about accounts. Whether there is any is for the settings to say."""

from django.conf import settings
from django.core.mail import send_mail


def sends_mail() -> bool:
    """Whether a mail server is set up."""
    return not settings.EMAIL_BACKEND.endswith("dummy.EmailBackend")


def send_invitation(email: str, link: str, until: str) -> None:
    """Raises OSError (smtplib's errors are some) when the server does not take it."""
    text = (
        "You are invited to Berth, a console for containers.\n\n"
        f"Choose a name and a password here, until {until}:\n{link}\n\n"
        "The link works once. If you did not expect it, do nothing.\n"
    )
    send_mail("Your invitation to Berth", text, None, [email])

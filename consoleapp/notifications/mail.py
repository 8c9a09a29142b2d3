"""Telling by e-mail, by Django's own means, where an administrator has configured a server."""

import smtplib

from django.conf import settings
from django.core.mail import EmailMessage

from consoleapp.notifications import words
from consoleapp.notifications.models import Delivery
from consoleapp.notifications.webhooks import Undelivered

_NONE = "django.core.mail.backends.dummy.EmailBackend"


def configured() -> bool:
    """Whether Berth can send e-mail."""
    return bool(settings.EMAIL_BACKEND != _NONE)


def message(delivery: Delivery) -> EmailMessage:
    """What is sent for `delivery`."""
    occurrence = delivery.occurrence
    if occurrence is None:
        subject = "[Berth] A test"
        lines = ["This is the test that you asked for: e-mail from Berth reaches you."]
    else:
        subject = f"[Berth] {occurrence.account.key}: {words.title(occurrence)}"
        place = words.place(occurrence)
        lines = [
            f"{words.title(occurrence)}, in the account {occurrence.account.key}",
            f"at {occurrence.at:%Y-%m-%d %H:%M:%S} UTC.",
            "",
            occurrence.detail,
            words.grouped(occurrence),
            "",
            words.address(place) or f"More at {place} in Berth.",
        ]
    lines += ["", "-- ", "You asked for this in Berth, under Notifications, Settings."]
    return EmailMessage(subject[:300], "\n".join(lines), to=[delivery.user.email])


def send(mail: EmailMessage) -> Undelivered | None:
    """None: the mail server has it."""
    try:
        mail.send()
    except smtplib.SMTPRecipientsRefused as error:
        return Undelivered(f"The mail server refuses the address: {_said(error)}", again=False)
    except (smtplib.SMTPException, OSError) as error:
        return Undelivered(f"The mail server did not take it: {str(error)[:300]}", again=True)
    return None


def _said(error: smtplib.SMTPRecipientsRefused) -> str:
    refused = error.recipients.values()
    return "; ".join(f"{code} {text.decode(errors='replace')}" for code, text in refused)[:300]

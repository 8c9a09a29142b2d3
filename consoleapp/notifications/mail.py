"""Send notifications by e-mail with Django, if an administrator has configured a server."""

import smtplib

from django.conf import settings
from django.core.mail import EmailMessage
from django.utils.translation import gettext as _
from django.utils.translation import override

from consoleapp.i18n.choice import of_user
from consoleapp.i18n.rendering import in_language
from consoleapp.notifications import words
from consoleapp.notifications.models import Delivery
from consoleapp.notifications.webhooks import Undelivered
from engine.schema.messages import msg

_NONE = "django.core.mail.backends.dummy.EmailBackend"


def configured() -> bool:
    """Return whether Berth can send e-mail."""
    return bool(settings.EMAIL_BACKEND != _NONE)


def message(delivery: Delivery) -> EmailMessage:
    """Return the mail for `delivery`, in the recipient's language."""
    with override(of_user(delivery.user)):
        return _message(delivery)


def _message(delivery: Delivery) -> EmailMessage:
    occurrence = delivery.occurrence
    if occurrence is None:
        subject = f"[Berth] {_('A test')}"
        lines = [_("This is the test that you asked for: e-mail from Berth reaches you.")]
    else:
        subject = f"[Berth] {occurrence.account.key}: {words.title(occurrence)}"
        place = words.place(occurrence)
        lines = [
            _("%(title)s, in the account %(account)s")
            % {"title": words.title(occurrence), "account": occurrence.account.key},
            _("at %(when)s UTC.") % {"when": f"{occurrence.at:%Y-%m-%d %H:%M:%S}"},
            "",
            in_language(occurrence.detail),
            words.grouped(occurrence),
            "",
            words.address(place) or _("More at %(place)s in Berth.") % {"place": place},
        ]
    lines += ["", "-- ", _("You asked for this in Berth, under Notifications, Settings.")]
    return EmailMessage(subject[:300], "\n".join(lines), to=[delivery.user.email])


def send(mail: EmailMessage) -> Undelivered | None:
    """Send it. None: the mail server has accepted it."""
    try:
        mail.send()
    except smtplib.SMTPRecipientsRefused as error:
        return Undelivered(
            msg("The mail server refuses the address: %(why)s", why=_reason(error)), again=False
        )
    except (smtplib.SMTPException, OSError) as error:
        return Undelivered(
            msg("The mail server did not take it: %(why)s", why=str(error)[:300]), again=True
        )
    return None


def _reason(error: smtplib.SMTPRecipientsRefused) -> str:
    refused = error.recipients.values()
    return "; ".join(f"{code} {text.decode(errors='replace')}" for code, text in refused)[:300]
